//! Where in a run a fault strikes is where the crash point is.

use crate::support::Place;

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
