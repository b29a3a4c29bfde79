//! `crashpoint doctor` on the machine that the tests run on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::Place;

fn checks(text: &str) -> (Value, Vec<Value>) {
    let checkup: Value = serde_json::from_str(text).unwrap();
    let checks = checkup["checks"].as_array().unwrap().clone();
    (checkup, checks)
}

#[test]
fn it_leaves_nothing_behind_and_its_exit_code_is_what_it_says() {
    let place = Place::new();
    let ran = place.crashpoint(&["doctor", "--json"]);
    let (checkup, checks) = checks(&ran.stdout);
    assert_eq!(checkup["schema"], "crashpoint.checkup/1");
    assert!(checks.len() > 15, "{checkup:#}");
    let bad = checks.iter().any(|check| check["state"] == "bad");
    assert_eq!(checkup["fit"], !bad);
    assert_eq!(ran.code, Some(if bad { 3 } else { 0 }), "{}", ran.stderr);
    // What it measured is gone, and the place for records was not made.
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn memory_is_no_place_for_a_record() {
    let place = Place::new();
    let ran = place.crashpoint(&["doctor", "--json", "--out", "/dev/shm/crashpoint-runs"]);
    let (_, checks) = checks(&ran.stdout);
    let filesystem = checks.iter().find(|it| it["name"] == "filesystem").unwrap();
    if !filesystem["seen"].as_str().unwrap().contains("tmpfs") {
        println!("skipped: /dev/shm is not in memory here");
        return;
    }
    assert_eq!(filesystem["state"], "bad");
    assert_eq!(ran.code, Some(3));
    let text = place
        .crashpoint(&["doctor", "--out", "/dev/shm/crashpoint-runs"])
        .exits(3)
        .stdout;
    assert!(
        text.contains("✗ filesystem: bad") && text.contains("crashpoint run --out"),
        "{text}"
    );
}

#[test]
fn a_file_where_a_folder_should_be_is_told() {
    let place = Place::new();
    place.write("runs", "a file");
    let text = place
        .crashpoint(&["doctor", "--out", "runs/a"])
        .exits(3)
        .stdout;
    assert!(text.contains("ot a directory"), "{text}");
}
