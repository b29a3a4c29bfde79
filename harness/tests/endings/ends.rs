//! What all these tests share: one fault alone, then in the third of five images, against its table.

use crashpoint_reports::{EndingKind, Outcome};
use crashpoint_scenarios::fault::{CrashPlace, Expectation, Fault};
use serde_json::Value;

use crate::support::{Place, Ran};

const FOUND: i32 = 10;
const UNFIT: i32 = 3;

/// Only a hang has to reach its time limit.
fn patience(expected: &Expectation) -> &'static str {
    if expected.kind == EndingKind::Timeout {
        "5s"
    } else {
        "60s"
    }
}

#[track_caller]
pub fn ends(fault: Fault) {
    let expected = fault.expectation();
    let place = Place::new();
    let ran = place.crashpoint(&["fault", fault.name(), "--timeout", patience(&expected)]);
    if unfit(fault, &expected, &ran) {
        return;
    }
    agrees(fault, &expected, &ran.exits(FOUND).report(), Struck::Alone);
    // A hang in an image has a test of its own, and nothing about it is another fault's.
    if expected.kind == EndingKind::Timeout || expected.needs.rung.is_some() {
        return;
    }
    let inject = format!("{fault}@image=3,phase=decode");
    let arguments = ["run", "fifth", "--inject", &inject];
    let place = Place::new();
    let report = place.crashpoint(&arguments).exits(FOUND).report();
    agrees(fault, &expected, &report, Struck::InThirdImage);
}

/// What a machine lacks is said in one sentence, and nothing is pretended.
#[track_caller]
fn unfit(fault: Fault, expected: &Expectation, ran: &Ran) -> bool {
    if ran.code != Some(UNFIT) {
        return false;
    }
    assert!(
        !expected.needs.nothing(),
        "{fault} needs nothing, and was turned down: {}",
        ran.stdout
    );
    let report = ran.report();
    let error = &report["cases"][0]["attempts"][0]["error"];
    assert_eq!(error["refused"], true, "{error}");
    eprintln!("not tested: {}", error["message"]);
    true
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Struck {
    Alone,
    InThirdImage,
}

#[track_caller]
fn agrees(fault: Fault, expected: &Expectation, report: &Value, struck: Struck) {
    let attempt = &report["cases"][0]["attempts"][0];
    let ending = &attempt["ending"];
    assert_eq!(
        ending["kind"],
        serde_json::json!(expected.kind),
        "{attempt:#}"
    );
    if expected.kind != EndingKind::Timeout {
        assert_eq!(
            ending["code"],
            serde_json::json!(expected.code),
            "{attempt:#}"
        );
        assert_eq!(ending["signal"], serde_json::json!(expected.signal));
    }
    assert_eq!(attempt["outcome"], serde_json::json!(expected.outcome));

    let class = attempt["verdict"]["class"].as_str().unwrap();
    let classes: Vec<String> = expected.classes.iter().map(ToString::to_string).collect();
    assert!(
        classes.iter().any(|expected| expected == class),
        "{fault} is told as {class}, not as {classes:?}: {:#}",
        attempt["verdict"]
    );

    let point = &attempt["crash_point"];
    let in_image = expected.crash_point == CrashPlace::Struck && struck == Struck::InThirdImage;
    match expected.crash_point {
        CrashPlace::Nowhere => assert!(point.is_null(), "{point:#}"),
        CrashPlace::Teardown => assert_eq!(point["phase"], "teardown"),
        CrashPlace::Struck if in_image => {
            assert_eq!(
                (&point["phase"], &point["image"]),
                (&"decode".into(), &3.into())
            );
            let images = attempt["images"].as_array().unwrap();
            let survived = images.iter().filter(|it| it["outcome"] == "survived");
            assert_eq!(
                survived.count(),
                2,
                "the images before it keep their results"
            );
        }
        CrashPlace::Struck => assert_eq!(point["phase"], "run"),
    }

    if let Some(found) = expected.finding {
        let findings = report["findings"].as_array().unwrap();
        let finding = findings
            .iter()
            .find(|it| it["what"].as_str().unwrap().contains(found.words()));
        assert!(finding.is_some(), "{findings:#?}");
    } else if expected.outcome != Outcome::Survived {
        assert_eq!(report["findings"], serde_json::json!([]), "{fault}");
    }
}
