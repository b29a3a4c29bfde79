//! After a crash: again, and with less, until the smallest input is found that is enough.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use support::{Place, Ran, attempts, eventually, records};

fn fifth(place: &Place, inject: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["run", "fifth", "--inject", inject];
    arguments.extend(more);
    place.crashpoint(&arguments).exits(10)
}

fn purposes(report: &Value) -> Vec<String> {
    let purpose = |it: &&Value| it["purpose"].as_str().unwrap().to_owned();
    attempts(report).iter().map(purpose).collect()
}

fn suspect<'a>(report: &'a Value, name: &str) -> &'a Value {
    let suspects = report["differential"].as_array().unwrap();
    suspects.iter().find(|it| it["suspect"] == name).unwrap()
}

/// Every attempt that crashed ended in the same crash; otherwise this tells which did not, and why.
#[track_caller]
fn one_crash(report: &Value) {
    if report["crashes"].as_array().unwrap().len() == 1 {
        return;
    }
    for attempt in attempts(report) {
        eprintln!(
            "attempt {}: {:#}\n{:#}\n{:#}",
            attempt["number"], attempt["signature"], attempt["verdict"], attempt["gathered"]
        );
    }
    panic!("one fault made several crashes: {:#}", report["crashes"]);
}

/// Runs a command line that was printed, as a person would who pastes it.
fn paste(place: &Place, command: &str) -> Ran {
    let bin = place.path("bin");
    std::fs::create_dir_all(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_crashpoint"), bin.join("crashpoint")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    for (name, value) in place.command(&[]).get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let child = shell
        .env("PATH", format!("{}:{path}", bin.display()))
        .current_dir(place.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child)
}

#[test]
fn an_image_that_always_crashes_is_handed_over_as_a_command_that_does_it_again() {
    let place = Place::new();
    let ran = fifth(&place, "segfault@image=5,phase=decode,token=3", &[]);
    let report = ran.report();
    one_crash(&report);
    let found = &report["reproductions"][0];
    assert_eq!(found["finding"], "always", "{found:#}");
    assert_eq!(
        (&found["same"]["events"], &found["same"]["n"]),
        (&json!(3), &json!(3))
    );
    let smallest = &found["smallest"];
    assert_eq!(smallest["images"], json!([5]));
    assert_eq!(smallest["max_new_tokens"], 3);
    assert_eq!(suspect(&report, "this_image")["finding"], "supported");
    assert_eq!(suspect(&report, "accumulation")["finding"], "ruled_out");
    // The run is still of one attempt.
    assert_eq!(report["statistics"]["crash_rate"]["n"], 1);
    assert_eq!(report["summary"]["total_analyses"], 5);
    assert_eq!(report["crash_points"].as_array().unwrap().len(), 1);
    let signature = &report["crash_points"][0]["signature"]["id"];
    assert_eq!(&report["crashes"][0]["signature"]["id"], signature);
    assert!(
        ran.stderr
            .contains("triage of fifth: image 5 alone: the same"),
        "{}",
        ran.stderr
    );
    let again = place.crashpoint(&["report", "--format", "json"]).exits(0);
    assert_eq!(
        serde_json::from_str::<Value>(&again.stdout).unwrap(),
        report
    );

    let command = smallest["command"].as_str().unwrap();
    assert!(ran.stdout.contains(command), "{}", ran.stdout);
    let pasted = paste(&place, command).exits(10).report();
    assert_eq!(attempts(&pasted).len(), 1);
    assert_eq!(&pasted["crash_points"][0]["signature"]["id"], signature);
}

#[test]
fn a_crash_after_others_supports_accumulation_and_needs_all_of_them() {
    let place = Place::new();
    let report = fifth(
        &place,
        "abort@position=5,phase=vision",
        &["--attempts", "2"],
    )
    .report();
    let found = &report["reproductions"][0];
    assert_eq!(
        found["smallest"]["images"],
        json!([1, 2, 3, 4, 5]),
        "{found:#}"
    );
    assert_eq!(found["smallest"]["max_new_tokens"], 1);
    assert_eq!(suspect(&report, "accumulation")["finding"], "supported");
    let image = suspect(&report, "this_image");
    assert_eq!(image["finding"], "ruled_out");
    assert_eq!(image["numbers"]["survived_alone"], 1);
    let command = found["smallest"]["command"].as_str().unwrap();
    let pasted = paste(&place, command).exits(10).report();
    assert_eq!(pasted["crash_points"][0]["position"], 5);
}

#[test]
fn a_crash_that_came_once_is_not_said_to_be_reproduced() {
    let place = Place::new();
    let ran = fifth(&place, "segfault@image=5,phase=decode,attempt=1", &[]);
    let report = ran.report();
    let found = &report["reproductions"][0];
    assert_eq!(found["finding"], "not_again", "{found:#}");
    assert_eq!(
        (&found["same"]["events"], &found["same"]["n"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(found["smallest"], Value::Null);
    assert_eq!(purposes(&report), ["planned", "repeat", "repeat"]);
    assert!(
        ran.stdout.contains("not reproduced: it came in 1 of 3"),
        "{}",
        ran.stdout
    );
    assert_eq!(suspect(&report, "accumulation")["finding"], "not_tested");
}

#[test]
fn a_crash_while_loading_needs_one_image_only() {
    let place = Place::new();
    let report = fifth(&place, "segfault@phase=load", &[]).report();
    let smallest = &report["reproductions"][0]["smallest"];
    assert_eq!(smallest["images"], json!([1]));
    assert_eq!(smallest["max_new_tokens"], 1);
    let again = attempts(&report);
    assert_eq!(again.last().unwrap()["variation"]["images"], json!([1]));
}

#[test]
fn the_same_crash_in_another_rung_is_looked_into_once() {
    let place = Place::new();
    let arguments = [
        "run",
        "--keep-going",
        "--burn",
        "10ms",
        "--attempts",
        "2",
        "--inject",
        "abort@image=5,phase=vision",
    ];
    let report = place.crashpoint(&arguments).exits(10).report();
    one_crash(&report);
    let found = report["reproductions"].as_array().unwrap();
    assert_eq!(found[0]["case"], "each-alone/5");
    assert_eq!(found[0]["smallest"]["images"], json!([5]));
    for other in &found[1..] {
        let because = other["because"].as_str().unwrap();
        assert!(
            because.contains("the same crash as in each-alone/5"),
            "{other:#}"
        );
    }
    let names: Vec<&Value> = found.iter().map(|it| &it["case"]).collect();
    assert_eq!(names, ["each-alone/5", "fifth", "fifth-alone", "long"]);
    assert_eq!(report["crashes"].as_array().unwrap().len(), 1);
    assert_eq!(report["crashes"][0]["attempts"], 4);
}

#[test]
fn without_triage_nothing_is_tried_again() {
    let place = Place::new();
    for off in ["--no-triage", "--triage=off"] {
        let report = fifth(&place, "abort@image=2,phase=vision", &[off]).report();
        assert_eq!(purposes(&report), ["planned"]);
        assert_eq!(report["reproductions"], json!([]));
    }
    let on = fifth(
        &place,
        "abort@image=2,phase=vision",
        &["--triage", "--triage-time", "0s"],
    );
    let because = on.report()["reproductions"][0]["because"].clone();
    assert!(
        because.as_str().unwrap().contains("--triage-time"),
        "{because}"
    );
}

#[test]
fn an_interrupt_in_the_triage_leaves_a_complete_record() {
    let place = Place::new();
    let child = place
        .command(&[
            "run",
            "fifth",
            "--inject",
            "hang@image=2,phase=vision",
            "--timeout-image",
            "3s",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the second attempt", || {
        let again = |record: &Value| record["event"]["attempt_start"]["purpose"] == "repeat";
        records(&place).iter().any(again).then_some(())
    });
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let report = place.ran(child).exits(130).report();
    assert_eq!(report["journal"]["complete"], true);
    let found = &report["reproductions"][0];
    assert_eq!(found["because"], "the run was interrupted", "{found:#}");
    assert_eq!(found["finding"], "not_tried");
    assert_eq!(report["statistics"]["crash_rate"]["n"], 1);
}

#[test]
fn a_program_of_ones_own_is_run_again_only_when_asked() {
    let place = Place::new();
    let script = "echo run >>runs; kill -SEGV $$";
    let arguments = [
        "exec",
        "--triage",
        "--attempts",
        "2",
        "--",
        "sh",
        "-c",
        script,
    ];
    let report = place.crashpoint(&arguments).exits(10).report();
    assert_eq!(purposes(&report), ["planned", "repeat"]);
    let found = &report["reproductions"][0];
    assert_eq!(
        (&found["same"]["events"], &found["same"]["n"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        std::fs::read_to_string(place.path("runs")).unwrap(),
        "run\nrun\n"
    );
    place
        .crashpoint(&["exec", "--", "sh", "-c", script])
        .exits(10);
    assert_eq!(
        std::fs::read_to_string(place.path("runs"))
            .unwrap()
            .lines()
            .count(),
        3
    );
}
