//! Every fault ends as it should, and is told as what it was.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::Place;

#[track_caller]
fn ends(fault: &str, kind: &str, signal: Option<i64>, code: Option<i64>) {
    let place = Place::new();
    let report = place
        .crashpoint(&["fault", fault, "--timeout", "5s"])
        .exits(10)
        .report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["ending"]["kind"], kind, "{attempt:#}");
    if signal.is_some() {
        assert_eq!(attempt["ending"]["signal"].as_i64(), signal);
    }
    assert_eq!(attempt["ending"]["code"].as_i64(), code);
    assert_eq!(attempt["crash_point"]["phase"], "run");
}

#[test]
fn segfault() {
    ends("segfault", "signal", Some(11), None);
}

#[test]
fn abort() {
    ends("abort", "signal", Some(6), None);
}

#[test]
fn exit() {
    ends("exit", "exit", None, Some(17));
}

#[test]
fn hang() {
    ends("hang", "timeout", None, None);
}

#[test]
fn a_hang_in_an_image_breaks_the_limit_of_that_image() {
    let place = Place::new();
    let arguments = [
        "run",
        "fifth",
        "--timeout-image",
        "5s",
        "--inject",
        "hang@image=3,phase=prefill",
    ];
    let report = place.crashpoint(&arguments).exits(10).report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["ending"]["kind"], "timeout");
    assert!(
        attempt["limit"].as_str().unwrap().contains("later image"),
        "{}",
        attempt["limit"]
    );
    assert_eq!(attempt["crash_point"]["image"], 3);
    assert_eq!(attempt["crash_point"]["phase"], "prefill");
    // What its threads were doing is on record, from before it was told to end.
    assert!(!attempt["threads"].as_array().unwrap().is_empty());
}

#[test]
fn a_crash_while_leaving_is_not_blamed_on_the_last_image() {
    let place = Place::new();
    let report = place
        .crashpoint(&["run", "single", "--inject", "segfault@phase=teardown"])
        .exits(10)
        .report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["crash_point"]["phase"], "teardown");
    assert_eq!(attempt["images"][0]["outcome"], "survived");
}

#[test]
fn the_list_of_faults_can_be_had() {
    let ran = Place::new().crashpoint(&["fault", "--list"]).exits(0);
    for fault in ["segfault", "abort", "exit", "hang"] {
        assert!(ran.stdout.contains(fault));
    }
}
