//! The main job: the whole ladder on the CPU, and the record it leaves.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use support::{Place, attempts, case, exists, products, records};

fn schema() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../reports/schema/report-1.schema.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn conforms(report: &Value) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn without_any_argument_the_whole_ladder_survives() {
    let place = Place::new();
    let ran = place.crashpoint(&[]).exits(0);
    let report = ran.report();
    conforms(&report);
    let names: Vec<&str> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["scenario"].as_str().unwrap())
        .collect();
    for rung in [
        "single",
        "each-alone",
        "fifth",
        "fifth-alone",
        "burn",
        "repeat",
        "long",
    ] {
        assert!(names.contains(&rung), "{rung} is not in {names:?}");
    }
    assert!(
        attempts(&report)
            .iter()
            .all(|attempt| attempt["outcome"] == "survived")
    );
    assert_eq!(report["summary"]["critical_test_passed"], true);
    assert_eq!(report["summary"]["success_rate"], "100%");
    assert_eq!(report["summary"]["total_analyses"], 1 + 8 + 5 + 1 + 5 + 20);
    assert_eq!(report["summary"]["gpu_memory_allocated"], Value::Null);
    assert_eq!(report["journal"]["complete"], true);
    assert!(report["crash_points"].as_array().unwrap().is_empty());
    for file in [
        "report.json",
        "report.md",
        "report.html",
        "junit.xml",
        "journal-0001.jsonl",
        "attempts/01/stderr.log",
    ] {
        assert!(exists(&ran.latest().join(file)), "{file}");
    }
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&ran.latest()), 0o700);
    assert_eq!(mode(&ran.latest().join("report.json")), 0o600);
}

#[test]
fn the_same_image_gives_the_same_digest_every_time() {
    let place = Place::new();
    let ran = place.crashpoint(&["run", "repeat"]).exits(0);
    let report = ran.report();
    let images = report["cases"][0]["attempts"][0]["images"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(images.len(), 5);
    let first = images[0]["token_digest"].as_str().unwrap();
    assert!(images.iter().all(|image| image["token_digest"] == first));
    assert_eq!(images[4]["position"], 5);
    assert_eq!(images[4]["index"], 1);
}

#[test]
fn a_run_with_quantised_weights_says_so() {
    let place = Place::new();
    let ran = place
        .crashpoint(&["run", "single", "--quant", "q8_0"])
        .exits(0);
    let report = ran.report();
    conforms(&report);
    assert_eq!(report["run"]["settings"]["quant"], "q8_0");
    let markdown = std::fs::read_to_string(ran.latest().join("report.md")).unwrap();
    assert!(markdown.contains(r"quantised to q8\_0"), "{markdown}");
    let held = products(&records(&place));
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["q8_0"]["tensors"], 3 * 7 + 1);
    // Nothing of it is left in another format.
    assert_eq!(held[0].as_object().unwrap().len(), 1);
}

#[test]
fn a_segfault_in_the_fifth_image_is_located_and_the_rest_is_kept() {
    let place = Place::new();
    let ran = place
        .crashpoint(&[
            "run",
            "--no-triage",
            "--inject",
            "segfault@image=5,phase=decode",
        ])
        .exits(10);
    let report = ran.report();
    conforms(&report);
    let point = &report["crash_points"][0];
    assert_eq!(
        (&point["image"], &point["phase"]),
        (&Value::from(5), &Value::from("decode"))
    );
    assert!(point["file"].as_str().unwrap().ends_with("news-05.png"));
    assert_eq!(point["sha256"].as_str().unwrap().len(), 64);
    // The rung in which it happened is finished: which images die alone is what it is for.
    let alone = |n: u32| {
        let name = format!("each-alone/{n}");
        case(&report, &name).clone()
    };
    for image in [1, 4, 6, 8] {
        assert_eq!(alone(image)["attempts"][0]["outcome"], "survived");
    }
    let died = &alone(5)["attempts"][0];
    assert_eq!(
        (&died["outcome"], &died["ending"]["kind"]),
        (&Value::from("died"), &Value::from("signal"))
    );
    assert_eq!(died["ending"]["signal"], 11);
    // And nothing is climbed after it.
    let long = case(&report, "long");
    assert!(long["attempts"].as_array().unwrap().is_empty());
    assert!(long["skipped"].as_str().unwrap().contains("each-alone"));
    // The same comes from the journal alone.
    let again = place.crashpoint(&["report", "--format", "json"]).exits(0);
    assert_eq!(
        serde_json::from_str::<Value>(&again.stdout).unwrap(),
        report
    );
}

#[test]
fn in_one_worker_the_images_before_the_crash_keep_their_results() {
    let place = Place::new();
    let ran = place
        .crashpoint(&[
            "run",
            "fifth",
            "--no-triage",
            "--inject",
            "segfault@image=5,phase=decode,token=3",
        ])
        .exits(10);
    let report = ran.report();
    let images = report["cases"][0]["attempts"][0]["images"]
        .as_array()
        .unwrap()
        .clone();
    let outcomes: Vec<&str> = images
        .iter()
        .map(|image| image["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        ["survived", "survived", "survived", "survived", "died"]
    );
    assert!(images[3]["token_digest"].is_string());
    assert_eq!(report["crash_points"][0]["token"], 3);
    assert_eq!(report["summary"]["critical_test_passed"], false);
    assert!(ran.stdout.contains("image 5"), "{}", ran.stdout);
}

#[test]
fn keep_going_climbs_on() {
    let place = Place::new();
    let arguments = [
        "run",
        "--keep-going",
        "--no-triage",
        "--burn",
        "10ms",
        "--inject",
        "abort@image=5,phase=vision",
    ];
    let report = place.crashpoint(&arguments).exits(10).report();
    let long = case(&report, "long");
    assert_eq!(long["attempts"][0]["outcome"], "died");
    assert_eq!(long["attempts"][0]["crash_point"]["position"], 5);
}

#[test]
fn cycles_are_attempts_at_the_same_case() {
    let place = Place::new();
    let arguments = [
        "run",
        "single",
        "--no-triage",
        "--cycles",
        "3",
        "--inject",
        "abort@phase=load,attempt=2",
        "--keep-going",
    ];
    let report = place.crashpoint(&arguments).exits(10).report();
    let outcomes: Vec<&str> = attempts(&report)
        .iter()
        .map(|attempt| attempt["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["survived", "died", "survived"]);
    assert_eq!(report["statistics"]["crash_rate"]["events"], 1);
    assert_eq!(report["statistics"]["crash_rate"]["n"], 3);
}

#[test]
fn a_soak_goes_by_time_and_renews_its_worker() {
    let place = Place::new();
    let report = place
        .crashpoint(&["run", "soak", "--duration", "4s", "--renew", "300ms"])
        .exits(0)
        .report();
    assert!(attempts(&report).len() >= 2, "{}", report["summary"]);
}

#[test]
fn a_table_of_rungs_of_ones_own_is_climbed() {
    let place = Place::new();
    place.write(
        "rungs.toml",
        "[[rung]]\nname = \"thrice\"\ntitle = \"three times\"\nimages = \"first\"\nrepeat = 3\n",
    );
    let report = place
        .crashpoint(&["run", "--ladder", "rungs.toml"])
        .exits(0)
        .report();
    assert_eq!(report["cases"][0]["name"], "thrice");
    assert_eq!(report["summary"]["total_analyses"], 3);
}

#[test]
fn with_three_images_the_rungs_that_need_a_fifth_are_skipped_and_said_so() {
    let place = Place::new();
    let pages = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scenarios/images/news-0[123].png"
    );
    let report = place
        .crashpoint(&["run", "--burn", "10ms", "--images", pages])
        .exits(0)
        .report();
    let fifth = case(&report, "fifth");
    assert!(
        fifth["skipped"].as_str().unwrap().contains("no image 5"),
        "{fifth}"
    );
    assert_eq!(report["summary"]["critical_test_passed"], Value::Null);
}

#[test]
fn a_list_of_images_that_no_socket_holds_at_once_is_gone_through() {
    let place = Place::new();
    let fault = "kill-self@position=2,phase=preprocess";
    let ran = place
        .crashpoint(&[
            "run",
            "long",
            "--images-total",
            "20000",
            "--no-triage",
            "--inject",
            fault,
        ])
        .exits(10);
    let point = &ran.report()["crash_points"][0];
    assert_eq!(
        (&point["position"], &point["phase"]),
        (&2.into(), &"preprocess".into())
    );
}
