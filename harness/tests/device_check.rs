//! A GPU is looked at after every attempt on it; a worker that plays one whose checks go wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use serde_json::Value;
use support::{Place, attempts, worker};

/// The report of the rung with a case for each image, on a device to which this happens at the first
/// attempt.
#[track_caller]
fn run(happens: &str, arguments: &[&str], code: i32) -> Value {
    let place = Place::new();
    let words = ["run", "each-alone", "--device", "cuda:0", "--worker"];
    let child = place
        .command(&words)
        .arg(worker("checked.sh"))
        .args(arguments)
        .env("FAKE_CHECK", happens)
        .env("FAKE_STATE", place.path("happened"))
        .env("FAKE_VERSION", env!("CARGO_PKG_VERSION"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child).exits(code).report()
}

fn results(attempt: &Value) -> Vec<&str> {
    let tries = attempt["device_check"]["tries"].as_array().unwrap();
    tries
        .iter()
        .map(|it| it["result"].as_str().unwrap())
        .collect()
}

#[test]
fn a_device_that_works_is_said_to() {
    let report = run("works", &[], 0);
    let attempts = attempts(&report);
    assert_eq!(attempts.len(), 8);
    for attempt in attempts {
        assert_eq!(results(attempt), ["worked"]);
    }
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
}

#[track_caller]
fn quarantined(report: &Value, results_of_first: [&str; 2], class: &str) {
    let attempts = attempts(report);
    assert_eq!(attempts.len(), 1);
    // The attempt itself did its work; what it left behind is its finding.
    assert_eq!(attempts[0]["outcome"], "survived");
    assert_eq!(results(attempts[0]), results_of_first);
    let finding = &report["findings"][0];
    let what = finding["what"].as_str().unwrap();
    assert!(what.ends_with("it did not come back"), "{what}");
    assert_eq!(finding["verdict"]["class"], class);
    assert_eq!(finding["case"], report["cases"][0]["name"]);
    assert_eq!(report["summary"]["cases_skipped"], 7);
    let skipped = report["cases"][7].to_string();
    assert!(
        skipped.contains("cuda:0 did not come back after"),
        "{skipped}"
    );
}

#[test]
fn a_device_that_fails_is_quarantined_and_the_case_before_it_blamed() {
    let report = run("fails", &[], 10);
    quarantined(&report, ["failed", "failed"], "gpu_ecc_error");
}

#[test]
fn a_device_that_hangs_is_quarantined_and_nothing_waits_for_it() {
    let report = run("hangs", &["--timeout-check", "10s"], 10);
    quarantined(&report, ["hung", "hung"], "gpu_hang");
}

#[test]
fn a_device_that_comes_back_is_used_again_and_the_stumble_told() {
    let report = run("comes back", &[], 10);
    assert_eq!(attempts(&report).len(), 8);
    let what = report["findings"][0]["what"].as_str().unwrap();
    assert!(what.ends_with("it worked at the next try"), "{what}");
}
