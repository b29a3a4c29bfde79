//! What faults do beyond what the suite tries of each: `crash_isolation.rs` has their endings.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use crashpoint_scenarios::fault::Fault;
use support::Place;

#[test]
fn the_list_says_of_every_fault_how_it_ends_and_which_class_it_has() {
    let place = Place::new();
    let ran = place.crashpoint(&["fault", "--list"]).exits(0);
    for fault in Fault::ALL {
        let line = ran
            .stdout
            .lines()
            .find(|line| line.split(' ').next() == Some(fault.name()))
            .unwrap();
        let expected = fault.expectation();
        assert!(line.contains(&expected.how()), "{line}");
        assert!(line.contains(&expected.classes[0].to_string()), "{line}");
    }
    let json = place.crashpoint(&["fault", "--list", "--json"]).exits(0);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), Fault::ALL.len());
    assert_eq!(rows[0]["expected"]["signal"], 11);
}

#[test]
fn a_fault_alone_strikes_in_the_only_phase_there_is() {
    let place = Place::new();
    let report = place.crashpoint(&["fault", "segfault"]).exits(10).report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["ending"]["signal"], 11);
    assert_eq!(attempt["crash_point"]["phase"], "run");
}

#[test]
fn a_fault_that_needs_a_gpu_is_turned_down_where_there_is_none() {
    for fault in Fault::ALL.iter().filter(|it| it.expectation().needs.gpu) {
        let place = Place::new();
        let report = place.crashpoint(&["fault", fault.name()]).exits(3).report();
        let error = &report["cases"][0]["attempts"][0]["error"];
        assert_eq!(error["refused"], true, "{fault}: {error}");
    }
}

#[test]
fn the_exit_code_can_be_chosen() {
    let report = Place::new()
        .crashpoint(&[
            "run",
            "single",
            "--no-triage",
            "--inject",
            "exit@phase=load,code=42",
        ])
        .exits(10)
        .report();
    assert_eq!(report["cases"][0]["attempts"][0]["ending"]["code"], 42);
}

#[test]
fn a_hang_in_an_image_breaks_the_limit_of_that_image() {
    let place = Place::new();
    let arguments = [
        "run",
        "fifth",
        "--no-triage",
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
        .crashpoint(&[
            "run",
            "single",
            "--no-triage",
            "--inject",
            "segfault@phase=teardown",
        ])
        .exits(10)
        .report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["crash_point"]["phase"], "teardown");
    assert_eq!(attempt["images"][0]["outcome"], "survived");
}
