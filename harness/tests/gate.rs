//! A gate over real runs of the tiny model: what it says of each change that was made on purpose.
//!
//! Nothing here depends on how fast the machine is: how often a gate is wrong about time is measured
//! by the bench whose table is in docs/gate.md.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::{Place, Ran};

/// Rules that a busy machine may hinder.
const WITHOUT_TIMES: [&str; 8] = [
    "--skip",
    "image-time",
    "--skip",
    "token-rate",
    "--skip",
    "load-time",
    "--skip",
    "steady",
];

/// A run of these words, in a folder of its own name.
fn run(place: &Place, out: &str, words: &[&str]) -> Ran {
    let all = [&["run", "--no-triage", "-q", "--out", out][..], words].concat();
    place.crashpoint(&all)
}

/// So many runs in `baseline`.
fn baseline(place: &Place, runs: usize, words: &[&str]) {
    for _ in 0..runs {
        run(place, "baseline", words).exits(0);
    }
}

fn gate(place: &Place, more: &[&str]) -> Ran {
    let words = ["gate", "now/latest", "--baseline", "baseline"];
    place.crashpoint(&[&words[..], more].concat())
}

#[track_caller]
fn verdict(decision: &Value, rule: &str) -> String {
    let rules = decision["rules"].as_array().unwrap();
    let found = rules.iter().find(|it| it["rule"] == rule);
    found.unwrap()["verdict"].as_str().unwrap().to_owned()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Enough for a slope, and too few repeated images for a machine that slows down to be a finding.
const LONG: [&str; 3] = ["long", "--images-total", "10"];

#[test]
fn an_unchanged_run_passes_and_becomes_part_of_the_baseline() {
    let place = Place::new();
    // The first one has nothing to be held against but itself, and is kept.
    run(&place, "now", &LONG).exits(0);
    place
        .crashpoint(&["gate", "now/latest", "--write-baseline", "baseline"])
        .exits(0);
    // Peaks of single attempts: fewer than four on a side prove nothing.
    baseline(&place, 3, &LONG);
    run(&place, "now", &LONG).exits(0);
    let wide = ["--max-memory-growth", "100%", "--skip", "peak-memory"];
    let words = [&WITHOUT_TIMES[..], &wide, &["--write-baseline", "baseline"]].concat();
    let ran = gate(&place, &words).exits(0);
    assert!(ran.stdout.contains("the gate passes"), "{}", ran.stdout);
    let kept = std::fs::read_dir(place.path("baseline")).unwrap();
    let reports = kept.flatten().filter(|it| it.path().extension().is_some());
    assert_eq!(reports.count(), 2, "{}", ran.stdout);
    // Each rule has a line of its own.
    for rule in [
        "crashes",
        "crash-rate",
        "outputs",
        "comparable",
        "memory-slope",
    ] {
        let lines = ran
            .stdout
            .lines()
            .filter(|line| line.contains(&format!(" {rule} ")));
        assert_eq!(lines.count(), 1, "{rule} in:\n{}", ran.stdout);
    }
}

#[test]
fn a_slowdown_is_a_regression_by_name() {
    let place = Place::new();
    let words = "single --cycles 4 --max-new-tokens 2 --threads 1";
    let single: Vec<&str> = words.split(' ').collect();
    baseline(&place, 6, &single);
    // So large that no other load on the machine can hide it.
    let slow = ["--inject", "slow-drift@phase=decode,percent=1900"];
    run(&place, "now", &[&single[..], &slow].concat()).exits(0);
    // The rate falls by no more than all of it, which a busy machine does to a baseline as well.
    let without = ["--skip", "steady", "--skip", "token-rate", "--json"];
    let ran = gate(&place, &without).exits(11);
    let decision = json(&ran);
    assert_eq!(verdict(&decision, "image-time"), "regression");
    assert_eq!(verdict(&decision, "outputs"), "pass");
    assert_eq!(verdict(&decision, "crashes"), "pass");
}

#[test]
fn a_leak_is_a_regression_by_name() {
    let place = Place::new();
    baseline(&place, 1, &LONG);
    let leak = ["--inject", "memory-leak@phase=decode"];
    run(&place, "now", &[&LONG[..], &leak].concat()).exits(10);
    let ran = gate(&place, &[&WITHOUT_TIMES[..], &["--json"]].concat()).exits(11);
    assert_eq!(verdict(&json(&ran), "memory-slope"), "regression");
    assert_eq!(verdict(&json(&ran), "outputs"), "pass");
}

#[test]
fn a_crash_on_the_fifth_image_is_a_regression_by_name() {
    let place = Place::new();
    baseline(&place, 1, &["fifth"]);
    let crash = ["fifth", "--inject", "segfault@image=5,phase=decode"];
    run(&place, "now", &crash).exits(10);
    let ran = gate(&place, &[&WITHOUT_TIMES[..], &["--json"]].concat()).exits(11);
    let decision = json(&ran);
    assert_eq!(verdict(&decision, "crashes"), "regression");
    let crashes = &decision["rules"][1];
    let because = crashes["because"].as_str().unwrap();
    assert!(
        because.contains("new: ") && because.contains("image 5"),
        "{because}"
    );
    // The same crash in the baseline is no news, and its rate is no higher.
    run(&place, "known", &crash).exits(10);
    let words = ["gate", "now/latest", "--baseline", "known", "--json"];
    let again = place.crashpoint(&[&words[..], &WITHOUT_TIMES].concat());
    assert_eq!(verdict(&json(&again), "crashes"), "pass");
    // Nor may it become the measure of the next one.
    gate(&place, &["--write-baseline", "next"]).exits(11);
    assert!(!place.path("next").exists());
}

#[test]
fn a_changed_digest_is_a_regression_by_name() {
    let place = Place::new();
    baseline(&place, 1, &["fifth"]);
    let wrong = ["fifth", "--inject", "wrong-output@image=3,phase=decode"];
    run(&place, "now", &wrong).exits(0);
    let ran = gate(&place, &[&WITHOUT_TIMES[..], &["--json"]].concat()).exits(11);
    let decision = json(&ran);
    assert_eq!(verdict(&decision, "outputs"), "regression");
    let because = decision["rules"][3]["because"].as_str().unwrap();
    assert!(because.ends_with("in image 3"), "{because}");
}

#[test]
fn no_crash_in_two_attempts_is_no_proof_of_a_rate_below_one_percent() {
    let place = Place::new();
    run(&place, "now", &["single", "--cycles", "2"]).exits(0);
    let words = ["gate", "now/latest", "--max-crash-rate", "1%"];
    let ran = place
        .crashpoint(&[&words[..], &["--json"]].concat())
        .exits(12);
    let decision = json(&ran);
    assert_eq!(verdict(&decision, "crash-rate"), "inconclusive");
    let rule = &decision["rules"][2];
    assert_eq!(rule["more"]["attempts"], 297);
    assert!(
        rule["because"]
            .as_str()
            .unwrap()
            .contains("299 attempts in all"),
        "{rule}"
    );
    place
        .crashpoint(&["gate", "now/latest", "--max-crash-rate", "80%"])
        .exits(0);
    // As CI hands it on: the report in its folder, without the journal.
    let report = std::fs::read(place.path("now/latest/report.json")).unwrap();
    place.write("artifact/some-run/report.json", report);
    place
        .crashpoint(&["gate", "artifact", "--max-crash-rate", "80%"])
        .exits(0);
}

#[test]
fn what_differs_from_the_baseline_is_named_field_by_field() {
    let place = Place::new();
    baseline(&place, 1, &["single"]);
    run(
        &place,
        "now",
        &["single", "--max-new-tokens", "8", "--seed", "3"],
    )
    .exits(0);
    let ran = gate(&place, &["--json"]).exits(12);
    let decision = json(&ran);
    assert_eq!(verdict(&decision, "comparable"), "inconclusive");
    let because = decision["rules"][4]["because"].as_str().unwrap();
    for part in ["max_new_tokens differs: 32 and 8", "seed differs: 0 and 3"] {
        assert!(because.contains(part), "{because}");
    }
    assert_eq!(verdict(&decision, "outputs"), "inconclusive");
    assert_eq!(verdict(&decision, "image-time"), "inconclusive");
    let ignored = ["--ignore", "max_new_tokens", "--ignore", "seed", "--json"];
    assert_eq!(
        verdict(&json(&gate(&place, &ignored)), "comparable"),
        "pass"
    );
}

#[test]
fn a_run_in_which_nothing_ran_is_not_judged() {
    let place = Place::new();
    let words = ["--model", "no-such-model-folder/x", "single"];
    assert_ne!(run(&place, "now", &words).code, Some(0));
    // Whatever was refused before an attempt leaves no run at all.
    place
        .crashpoint(&["gate", "now/latest"])
        .exits(2)
        .says("now/latest");
    run(&place, "now", &["single"]).exits(0);
    let report = place.path("now/latest/report.json");
    let mut empty: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    empty["cases"] = Value::Array(Vec::new());
    place.write("empty.json", empty.to_string());
    place.crashpoint(&["gate", "empty.json"]).exits(4);
}

#[test]
fn a_baseline_that_is_none_is_told_in_a_sentence() {
    let place = Place::new();
    run(&place, "now", &["single"]).exits(0);
    gate(&place, &[]).exits(2).says("baseline");
    std::fs::create_dir(place.path("baseline")).unwrap();
    gate(&place, &[])
        .exits(2)
        .says("neither a run directory nor a report");
    let own = ["gate", "now/latest", "--baseline", "now"];
    place
        .crashpoint(&own)
        .exits(2)
        .says("no run but what is judged");
    place
        .crashpoint(&["gate", "now/latest", "--skip", "weather"])
        .exits(2)
        .says("weather");
    place
        .crashpoint(&["gate", "now/latest", "--max-slowdown", "5"])
        .exits(2)
        .says("100%");
}

#[test]
fn what_a_file_says_of_a_gate_holds_where_the_command_line_says_nothing() {
    let place = Place::new();
    run(&place, "now", &["single"]).exits(0);
    let config = |table: &str| place.write("crashpoint.toml", format!("[gate]\n{table}\n"));
    let words = ["gate", "now/latest"];
    config("max-crash-rate = \"1%\"");
    place.crashpoint(&words).exits(12);
    place
        .crashpoint(&[&words[..], &["--max-crash-rate", "99%"]].concat())
        .exits(0);
    config("baseline = \"nowhere\"");
    place.crashpoint(&words).exits(2).says("nowhere");
    config("max-slodown = \"1%\"");
    place
        .crashpoint(&words)
        .exits(2)
        .says("crashpoint.toml:2: gate.max-slodown");
}
