//! Ctrl-C, a CI system's cancel, and a supervisor that is killed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Place, attempts, eventually, hanging, lives, records};

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[track_caller]
fn interrupted_by(signal: Signal, code: i32) {
    let place = Place::new();
    let child = hanging(&place);
    send(&child, signal);
    let ran = place.ran(child).exits(code);
    let report = ran.report();
    assert_eq!(report["journal"]["complete"], true);
    assert_eq!(report["run"]["interrupted_by"], signal as i32);
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["outcome"], "incomplete");
    assert_eq!(attempt["ending"]["interrupted"], true);
    assert_eq!(attempt["images"][1]["outcome"], "survived");
}

#[test]
fn ctrl_c_leaves_a_complete_record() {
    interrupted_by(Signal::SIGINT, 130);
}

#[test]
fn a_cancel_leaves_a_complete_record() {
    interrupted_by(Signal::SIGTERM, 143);
}

#[test]
fn a_second_request_does_not_wait_for_a_program_that_will_not_end() {
    let place = Place::new();
    let script = "trap '' TERM; echo ready >ready; while :; do sleep 1000; done";
    let child = place
        .command(&["exec", "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the program", || place.path("ready").exists().then_some(()));
    send(&child, Signal::SIGINT);
    send(&child, Signal::SIGINT);
    let report = place.ran(child).exits(130).report();
    assert_eq!(
        attempts(&report)[0]["ending"]["signal"],
        Signal::SIGKILL as i32
    );
    assert_eq!(attempts(&report)[0]["outcome"], "incomplete");
}

#[test]
fn a_worker_dies_with_a_supervisor_that_is_killed() {
    let place = Place::new();
    let child = hanging(&place);
    let worker = records(&place)
        .iter()
        .find_map(|record| record["event"]["spawned"]["pid"].as_i64())
        .unwrap();
    assert!(lives(worker));
    send(&child, Signal::SIGKILL);
    place.ran(child);
    eventually("the worker's death", || (!lives(worker)).then_some(()));
    // Its last marker was acknowledged, so the crash point is there.
    let ran = place.crashpoint(&["report", "--format", "json"]).exits(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(attempts(&report)[0]["crash_point"]["image"], 3);
    assert_eq!(attempts(&report)[0]["crash_point"]["phase"], "vision");
}
