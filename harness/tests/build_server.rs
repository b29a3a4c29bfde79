//! What a build server is told: results while a run goes on, a page for the job, lines beside a change.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use support::{Place, hanging};

#[test]
fn the_results_are_whole_while_the_run_goes_on() {
    let place = Place::new();
    let child = hanging(&place);
    let xml = std::fs::read_to_string(place.path("crashpoint-runs/latest/junit.xml")).unwrap();
    assert!(xml.ends_with("</testsuites>\n"), "{xml}");
    assert!(
        xml.contains("the record of the run stops before its end"),
        "{xml}"
    );
    assert!(xml.contains("it has not been tried yet"), "{xml}");
    place.end(child);
}

#[test]
fn the_summary_of_a_step_is_added_to_and_a_crash_becomes_an_annotation() {
    let place = Place::new();
    let summary = place.write("summary.md", "# Before\n");
    let child = place
        .command(&["exec", "--json", "--", "sh", "-c", "kill -SEGV $$"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ran = place.ran(child).exits(10);
    ran.report();
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("# Before\n# Died in exec"), "{text}");
    let ran = ran.says("::error title=crashpoint%3A exec%2C phase run::SIGSEGV");
    assert!(serde_json::from_str::<serde_json::Value>(&ran.stdout).is_ok());
}

#[test]
fn a_summary_that_is_nearly_full_is_cut_honestly() {
    let place = Place::new();
    let summary = place.write("summary.md", "x".repeat((1 << 20) - 1200));
    let child = place
        .command(&["exec", "--", "sh", "-c", "exit 7"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child).exits(10);
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.len() <= 1 << 20, "{}", text.len());
    assert!(text.ends_with("The rest does not fit here: it is in report.md and report.html.\n"));
}

#[test]
fn a_place_that_cannot_hold_the_results_is_told_before_the_run() {
    let place = Place::new();
    place
        .crashpoint(&["exec", "--junit", "nowhere/out.xml", "--", "true"])
        .exits(2)
        .says("--junit nowhere/out.xml is no place for a file");
}

#[test]
fn every_form_of_a_run_is_rendered_and_what_does_not_fit_is_refused() {
    let place = Place::new();
    place.crashpoint(&["exec", "--", "true"]).exits(0);
    for (arguments, begins) in [
        (&["--format", "html"][..], "<!DOCTYPE html>"),
        (&["--format", "junit"], "<?xml "),
        (&["--format", "pr"], "# Every"),
        (&["--kind", "validation"], "# Validation report"),
        (
            &[
                "--kind",
                "validation",
                "--format",
                "html",
                "--before",
                "crashpoint-runs/latest",
            ],
            "<!DOCTYPE html>",
        ),
    ] {
        let all = [&["report", "crashpoint-runs/latest"], arguments].concat();
        let ran = place.crashpoint(&all).exits(0);
        assert!(
            ran.stdout.starts_with(begins),
            "{arguments:?}: {}",
            ran.stdout
        );
    }
    place
        .crashpoint(&["report", "--kind", "validation", "--format", "junit"])
        .exits(2)
        .says("use --format md or --format html");
    place
        .crashpoint(&["report", "--before", "x"])
        .exits(2)
        .says("add --kind validation");
}
