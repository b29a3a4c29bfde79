//! The folder of runs: listed, pruned, followed, packed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;
use support::{Place, exists, hanging};

fn listed(place: &Place) -> Vec<(String, String)> {
    let ran = place.crashpoint(&["runs", "list", "--json"]).exits(0);
    let runs: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |run: &Value, field: &str| run[field].as_str().unwrap().to_owned();
    let runs = runs.as_array().unwrap();
    runs.iter()
        .map(|run| (text(run, "run"), text(run, "state")))
        .collect()
}

#[test]
fn only_what_is_over_is_pruned_and_only_when_told() {
    let place = Place::new();
    for _ in 0..3 {
        place.crashpoint(&["run", "single", "-q"]).exits(0);
    }
    let going_on = hanging(&place);
    let before = listed(&place);
    let states: Vec<&str> = before.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(
        states.iter().filter(|state| **state == "running").count(),
        1
    );
    let plain = place.crashpoint(&["runs"]).exits(0).stdout;
    assert_eq!(plain.lines().count(), 5, "{plain}");

    place.crashpoint(&["runs", "prune"]).exits(2).says("--keep");
    let dry = place
        .crashpoint(&["runs", "prune", "--keep", "0"])
        .exits(0)
        .stdout;
    assert_eq!(dry.matches("would be removed").count(), 3, "{dry}");
    assert_eq!(listed(&place).len(), 4);
    place
        .crashpoint(&[
            "runs",
            "prune",
            "--older-than",
            "1h",
            "--keep",
            "0",
            "--yes",
        ])
        .exits(0);
    assert_eq!(listed(&place).len(), 4);
    place
        .crashpoint(&["runs", "prune", "--keep", "0", "--yes"])
        .exits(0);
    let left = listed(&place);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].1, "running");

    // Killed, it is over, and nobody knows yet why: that is not to be thrown away either.
    place.end(going_on);
    let kept = place
        .crashpoint(&["runs", "prune", "--keep", "0", "--yes"])
        .exits(0)
        .stdout;
    assert!(kept.contains("crashpoint recover"), "{kept}");
    assert_eq!(listed(&place)[0].1, "unfinished");
}

#[test]
fn whoever_attaches_sees_the_phases_and_the_end() {
    let place = Place::new();
    let mut going_on = hanging(&place);
    let attached = place
        .command(&["runs", "attach"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    going_on.kill().unwrap();
    going_on.wait().unwrap();
    let ran = place.ran(attached);
    for part in [
        "fifth, attempt 1",
        "\nload\n",
        "image 1: survived",
        "image 3, vision",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part} is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_bundle_holds_the_report_and_logs_without_what_was_named() {
    let place = Place::new();
    let program = ["exec", "--out", "crashpoint-runs", "--", "sh", "-c"];
    let words = "echo secret-project; echo HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz; exit 3";
    place
        .crashpoint(&[&program[..], &[words]].concat())
        .exits(10);
    let pack = [
        "runs",
        "bundle",
        "--to",
        "b.tar.gz",
        "--without",
        "secret-project",
    ];
    let ran = place.crashpoint(&pack).exits(0);
    assert!(
        ran.stdout.contains("left out: the journal"),
        "{}",
        ran.stdout
    );
    let file = std::fs::File::open(place.path("b.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().display().to_string());
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        for secret in ["secret-project", "hf_abcdef"] {
            assert!(!text.contains(secret), "{secret} in {names:?}:\n{text}");
        }
    }
    for wanted in ["report.json", "report.md", "attempts/01/stdout.log"] {
        assert!(
            names.iter().any(|name| name.ends_with(wanted)),
            "{wanted} in {names:?}"
        );
    }
    // A file that is there is nobody's to overwrite.
    place.crashpoint(&pack).exits(3).says("b.tar.gz");
    assert!(exists(
        &place.path("crashpoint-runs/latest/journal-0001.jsonl")
    ));
}
