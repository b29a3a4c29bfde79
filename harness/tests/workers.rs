//! Workers that do not behave: each is noticed, named and ended, and the record says so.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::{Place, worker};

/// Runs one case with a worker of this kind and hands back its attempt.
#[track_caller]
fn attempt(name: &str, more: &[&str]) -> Value {
    let place = Place::new();
    let path = worker(name);
    let mut arguments = vec!["run", "single", "--no-triage", "--worker", path.as_str()];
    arguments.extend(more);
    let report = place.crashpoint(&arguments).exits(10).report();
    report["cases"][0]["attempts"][0].clone()
}

#[track_caller]
fn violates(attempt: &Value, part: &str) {
    let violation = attempt["violations"][0].as_str().unwrap();
    assert!(violation.contains(part), "{violation}");
}

#[test]
fn garbage_is_quoted_and_not_listened_to() {
    let attempt = attempt("garbage.py", &["--timeout", "5s"]);
    violates(&attempt, "I am no message");
    assert_eq!(attempt["ending"]["kind"], "timeout");
}

#[test]
fn a_line_of_100_megabytes_is_refused() {
    let attempt = attempt("long_line.py", &[]);
    violates(&attempt, "1048576 bytes");
    assert_eq!(attempt["ending"]["code"], 9);
}

#[test]
fn a_flood_is_refused() {
    let attempt = attempt("flood.py", &[]);
    violates(&attempt, "without a marker");
    assert_eq!(attempt["ending"]["code"], 9);
}

#[test]
fn success_without_a_word_is_a_failure() {
    let attempt = attempt("silent.py", &[]);
    assert_eq!(attempt["outcome"], "failed");
    assert_eq!(attempt["ending"]["code"], 0);
}

#[test]
fn a_worker_that_stops_answering_is_ended() {
    let attempt = attempt("mute.py", &["--timeout", "5s"]);
    assert_eq!(attempt["ending"]["kind"], "timeout");
    assert_eq!(attempt["crash_point"]["phase"], "start");
}

#[test]
fn a_worker_that_is_no_program_is_told_apart() {
    let place = Place::new();
    place.write("worker", "not a program");
    let report = place
        .crashpoint(&["run", "single", "--worker", "./worker"])
        .exits(10)
        .report();
    let attempt = &report["cases"][0]["attempts"][0];
    assert_eq!(attempt["outcome"], "failed");
    let evidence = attempt["verdict"]["evidence"].to_string();
    assert!(evidence.contains("could not be started"), "{evidence}");
}
