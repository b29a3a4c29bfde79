//! A run whose supervisor was killed goes on where it was.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;
use support::{Place, Ran, attempts, case, eventually, exists, products, records};

/// Kills the supervisor once this is so of the records.
fn killed_when(place: &Place, arguments: &[&str], so: impl Fn(&[Value]) -> bool) {
    let mut child: Child = place
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the moment to kill the supervisor", || {
        so(&records(place)).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

/// In the image that its own fault makes hang, in the rung of this name.
fn in_phase(records: &[Value], index: i64, phase: &str) -> bool {
    records.iter().any(|record| {
        let marker = &record["event"]["marker"];
        marker["image"]["index"] == index && marker["phase"] == phase
    })
}

/// Images that all hang in the second attempt at nothing but image 2.
const HANGS: [&str; 6] = [
    "run",
    "each-alone",
    "--inject",
    "hang@image=2,phase=vision",
    "--no-triage",
    "--sample-hz=0",
];

fn resumed(place: &Place, options: &[&str]) -> Ran {
    let arguments: Vec<&str> = ["resume"].iter().chain(options).copied().collect();
    place.crashpoint(&arguments)
}

fn tried(report: &Value, name: &str) -> usize {
    case(report, name)["attempts"].as_array().unwrap().len()
}

#[test]
fn the_rest_of_the_plan_is_run_and_what_is_done_is_not_run_again() {
    let place = Place::new();
    killed_when(&place, &HANGS, |records| in_phase(records, 2, "vision"));
    let before = records(&place);
    let ran = resumed(&place, &[]);
    let report = ran.report();
    assert_eq!(report["journal"]["complete"], true);
    let names: Vec<&str> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 8, "{names:?}");
    for name in &names {
        assert_eq!(tried(&report, name), 1, "{name}");
    }
    // The case under way is not tried again, and its crash point stands.
    let cut = case(&report, names[1]);
    assert_ne!(cut["attempts"][0]["outcome"], "survived");
    assert_eq!(cut["attempts"][0]["crash_point"]["image"], 2);
    let survived = |name: &&&str| case(&report, name)["attempts"][0]["outcome"] == "survived";
    assert_eq!(names.iter().filter(survived).count(), 7);
    let mut numbers: Vec<i64> = attempts(&report)
        .iter()
        .map(|it| it["number"].as_i64().unwrap())
        .collect();
    numbers.sort();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    // In the same directory; what was there before is as it was.
    assert_eq!(records(&place)[..before.len()], before[..]);
    let skipped = format!("\"skipped\":{{\"case\":\"{}\"", names[1]);
    assert!(journal(&place).contains(&skipped));
    // And then there is nothing more to do.
    resumed(&place, &[]).exits(2).says("came to its end");
}

#[test]
fn weights_stay_quantised() {
    let place = Place::new();
    let quantised = [&HANGS[..], &["--quant=q8_0"]].concat();
    killed_when(&place, &quantised, |records| in_phase(records, 2, "vision"));
    let report = resumed(&place, &[]).report();
    assert_eq!(report["run"]["settings"]["quant"], "q8_0");
    // Of every worker, before and after.
    let journal = journal(&place);
    let records = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let held = products(&records.collect::<Vec<_>>());
    assert_eq!(held.len(), 8);
    for worker in &held {
        assert_eq!(worker["q8_0"]["tensors"], 3 * 7 + 1);
    }
}

/// All segments of the newest run.
fn journal(place: &Place) -> String {
    let run = place.path("crashpoint-runs/latest");
    let mut segments: Vec<_> = std::fs::read_dir(run)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .collect();
    segments.sort();
    assert!(segments.len() > 1, "{segments:?}");
    segments
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn a_case_that_was_cut_off_is_tried_again_if_asked() {
    let place = Place::new();
    let arguments = [
        "run",
        "fifth",
        "--inject",
        "hang@image=3,phase=vision,attempt=1",
        "--no-triage",
    ];
    killed_when(&place, &arguments, |records| in_phase(records, 3, "vision"));
    let ran = resumed(&place, &["--retry", "1"]);
    let report = ran.report();
    let fifth = case(&report, "fifth")["attempts"].as_array().unwrap();
    assert_eq!(fifth.len(), 2);
    assert_eq!(
        (&fifth[1]["n"], &fifth[1]["outcome"]),
        (&2.into(), &"survived".into())
    );
}

#[test]
fn a_run_that_would_not_be_the_same_does_not_go_on() {
    let place = Place::new();
    for name in ["1.png", "2.png"] {
        let shipped = format!(
            "{}/../scenarios/images/news-0{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::create_dir_all(place.path("pages")).unwrap();
        std::fs::copy(shipped, place.path("pages").join(name)).unwrap();
    }
    let arguments = [
        "run",
        "long",
        "--images",
        "pages",
        "--images-total",
        "2",
        "--inject",
        "hang@image=2,phase=vision",
    ];
    killed_when(&place, &arguments, |records| in_phase(records, 2, "vision"));
    std::fs::copy(place.path("pages/2.png"), place.path("pages/1.png")).unwrap();
    resumed(&place, &[]).exits(3).says("image 1 (");
}

#[test]
fn a_program_of_ones_own_is_run_again_only_if_asked() {
    let place = Place::new();
    let script = "test -e once && echo again && exit 0; touch once; exec sleep 1000";
    killed_when(&place, &["exec", "--", "sh", "-c", script], |_| {
        exists(&place.path("once"))
    });
    resumed(&place, &[]).exits(2).says("--retry 1");
    let ran = resumed(&place, &["--retry", "1"]);
    assert!(ran.stdout.starts_with("again\n"), "{}", ran.stdout);
    let report = ran.report();
    assert_eq!(tried(&report, "exec"), 2);
    assert_eq!(attempts(&report)[1]["outcome"], "survived");
}

#[test]
fn an_interrupted_run_goes_on_too() {
    let place = Place::new();
    let child = place
        .command(&[
            "run",
            "fifth",
            "--inject",
            "hang@image=3,phase=vision,attempt=1",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the third image", || {
        in_phase(&records(&place), 3, "vision").then_some(())
    });
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    place.ran(child).exits(143);
    let ran = resumed(&place, &[]).exits(0);
    let report = ran.report();
    assert_eq!(report["run"]["interrupted_by"], Value::Null);
    assert_eq!(tried(&report, "fifth"), 2);
}

#[test]
fn what_is_no_run_or_still_goes_on_is_refused() {
    let place = Place::new();
    resumed(&place, &[]).exits(2).says("crashpoint-runs/latest");
    std::fs::create_dir(place.path("empty")).unwrap();
    resumed(&place, &["empty"])
        .exits(2)
        .says("no run directory");
    let mut child = place
        .command(&["exec", "--", "sleep", "1000"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the program", || {
        records(&place)
            .iter()
            .any(|record| record["event"]["spawned"]["pid"].is_i64())
            .then_some(())
    });
    resumed(&place, &["--retry", "1"])
        .exits(3)
        .says("still running");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_working_folder_is_the_runs_own() {
    let place = Place::new();
    place.write("here/unused", "");
    let mut command = place.command(&[
        "run",
        "fifth",
        "--out",
        "../crashpoint-runs",
        "--inject",
        "hang@image=3,phase=vision",
    ]);
    let mut child = command
        .current_dir(place.path("here"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the third image", || {
        in_phase(&records(&place), 3, "vision").then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = resumed(&place, &["crashpoint-runs/latest"]);
    assert_eq!(ran.report()["journal"]["complete"], true);
    assert!(!exists(Path::new(&place.path("here/crashpoint-runs"))));
}
