//! Runs whose supervisor or machine went away: found, told apart, and put on record.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crashpoint_reports::journal::{decode, encode};
use crashpoint_reports::{Event, Record};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::{Place, Ran, attempts, eventually, exists, hanging, lives, records};

const ANOTHER_BOOT: &str = "01234567-89ab-4cde-8f01-23456789abcd";

/// A run whose supervisor died in the third image.
fn killed(place: &Place) -> PathBuf {
    let child = hanging(place);
    let worker = records(place)
        .iter()
        .find_map(|record| record["event"]["spawned"]["pid"].as_i64())
        .unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGKILL).unwrap();
    place.ran(child);
    eventually("the worker's death", || (!lives(worker)).then_some(()));
    place.path("crashpoint-runs/latest").canonicalize().unwrap()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn segments(run: &Path) -> usize {
    let names = std::fs::read_dir(run).unwrap().flatten();
    names
        .filter(|it| it.file_name().to_string_lossy().starts_with("journal-"))
        .count()
}

fn seconds_of(file: &str, what: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Writes the journal of a killed run anew, as if it had died a minute before this boot began.
/// Returns the monotonic time of its last record.
fn moved_to_another_boot(run: &Path) -> u64 {
    let segment = run.join("journal-0001.jsonl");
    let text = std::fs::read(&segment).unwrap();
    let mut records: Vec<Record> = text
        .split(|&byte| byte == b'\n')
        .filter_map(|line| decode(line).ok())
        .collect();
    let last = records.last().unwrap();
    let (last_wall_us, last_mono_us) = (last.wall_us, last.mono_us);
    let died_us = (seconds_of("/proc/stat", "btime") - 60) * 1_000_000;
    let mut lines = Vec::new();
    for record in &mut records {
        record.wall_us = died_us - (last_wall_us - record.wall_us);
        if let Event::Header(header) = &mut record.event {
            header.boot_id = ANOTHER_BOOT.to_owned();
        }
        encode(record, &mut lines).unwrap();
    }
    // As a power cut leaves it.
    lines.extend(b"{\"seq\":77,\"mono_us\":12");
    lines.extend([0; 4096]);
    std::fs::write(&segment, lines).unwrap();
    last_mono_us
}

#[test]
fn a_killed_supervisor_is_named_with_the_crash_point() {
    let place = Place::new();
    let run = killed(&place);
    let report = json(&place.crashpoint(&["recover", "--json"]).exits(10));
    let report = &report.as_array().unwrap()[0];
    assert_eq!(report["recovery"]["ended_by"], "supervisor_killed");
    assert_eq!(report["recovery"]["confidence"], "certain");
    assert_eq!(report["recovery"]["restarts"], 0);
    let attempt = attempts(report)[0];
    assert_eq!(attempt["ending"]["kind"], "unreported");
    assert_eq!(attempt["outcome"], "incomplete");
    assert_eq!(attempt["crash_point"]["image"], 3);
    assert_eq!(attempt["crash_point"]["phase"], "vision");
    let sentence = report["summary"]["crash_point"].as_str().unwrap();
    assert!(
        sentence.starts_with("fifth: supervisor killed during image 3, phase vision"),
        "{sentence}"
    );
    // The journal has it, and the files are the journal's.
    assert_eq!(segments(&run), 2);
    let written: Value =
        serde_json::from_slice(&std::fs::read(run.join("report.json")).unwrap()).unwrap();
    assert_eq!(&written, report);
    let ran = place.crashpoint(&["report", "--format", "json"]).exits(0);
    assert_eq!(&json(&ran), report);
}

#[test]
fn a_run_that_was_recovered_is_shown_and_not_written_again() {
    let place = Place::new();
    let run = killed(&place);
    let path = run.to_str().unwrap();
    let first = place.crashpoint(&["recover", path]).exits(10);
    assert!(first.stdout.contains("ended by"), "{}", first.stdout);
    let second = place.crashpoint(&["recover", path]).exits(10);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(segments(&run), 2);
    place
        .crashpoint(&["recover"])
        .exits(0)
        .says("nothing to recover");
    // The report can be made again where it was lost.
    std::fs::remove_file(run.join("report.json")).unwrap();
    place.crashpoint(&["recover", path]).exits(10);
    assert!(exists(&run.join("report.json")));
}

#[test]
fn a_run_that_still_runs_is_refused_and_can_be_read() {
    let place = Place::new();
    let child = hanging(&place);
    let run = place.path("crashpoint-runs/latest").canonicalize().unwrap();
    let path = run.to_str().unwrap();
    place
        .crashpoint(&["recover", path])
        .exits(2)
        .says("is still running");
    let all = place.crashpoint(&["recover"]).exits(0);
    assert!(all.stderr.contains("is still running"), "{}", all.stderr);
    let ran = place
        .crashpoint(&["recover", path, "--force", "--json"])
        .exits(0);
    assert_eq!(attempts(&json(&ran))[0]["crash_point"]["image"], 3);
    assert_eq!(segments(&run), 1);
    assert!(!exists(&run.join("report.json")));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    place.ran(child).exits(130);
    place
        .crashpoint(&["recover", path])
        .exits(0)
        .says("nothing to recover");
}

#[test]
fn a_record_of_another_boot_is_a_machine_that_went_away() {
    let place = Place::new();
    let run = killed(&place);
    moved_to_another_boot(&run);
    let before = std::fs::read(run.join("journal-0001.jsonl")).unwrap();
    let path = run.to_str().unwrap();
    let ran = place
        .crashpoint(&["recover", path, "--force", "--json"])
        .exits(10);
    assert_eq!(json(&ran)["recovery"]["ended_by"], "machine_reset");
    assert_eq!(segments(&run), 1);
    assert!(!exists(&run.join("report.json")));
    let ran = place.crashpoint(&["recover", path, "--json"]).exits(10);
    assert_eq!(
        std::fs::read(run.join("journal-0001.jsonl")).unwrap(),
        before
    );
    let report = json(&ran);
    assert!(report["journal"]["damage"].as_array().unwrap().is_empty());
    let recovery = &report["recovery"];
    assert_eq!(recovery["ended_by"], "machine_reset");
    assert_ne!(recovery["confidence"], "certain");
    assert_eq!(recovery["boot_id"], ANOTHER_BOOT);
    assert_eq!(recovery["death"]["gap_seconds"], 60.0);
    assert!(!recovery["sources"].as_array().unwrap().is_empty());
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["ending"]["kind"], "machine_gone");
    assert_eq!(attempt["outcome"], "died");
    assert_eq!(attempt["verdict"]["class"], "machine_reset");
    let sentence = report["summary"]["crash_point"].as_str().unwrap();
    assert!(
        sentence.starts_with("fifth: machine reset during image 3, phase vision"),
        "{sentence}"
    );
    let page = std::fs::read_to_string(run.join("report.md")).unwrap();
    assert!(page.contains("## What ended the run"), "{page}");
}

/// Stands in for journalctl, with the log of the boot that the run was in.
fn journalctl(place: &Place, log: &str) -> String {
    let id = ANOTHER_BOOT.replace('-', "");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*--list-boots*) echo ' -1 {id} Mon x'; echo '  0 {} Mon x';;\n*\" -k -b {id} \"*|*\" -b {id} \"*) cat <<'END'\n{log}END\n;;\n*) exit 1;;\nesac\n",
        "f".repeat(32)
    );
    let path = place.write("bin/journalctl", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!(
        "{}:{}",
        path.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    )
}

#[test]
fn the_log_of_the_runs_own_boot_tells_a_shutdown_from_a_panic() {
    for (text, ending, outcome) in [
        (
            "systemd[1]: Reached target reboot.target - System Reboot.",
            "orderly_shutdown",
            "incomplete",
        ),
        (
            "kernel: Kernel panic - not syncing: Fatal exception in interrupt",
            "kernel_panic",
            "died",
        ),
        (
            "systemd[812]: Reached target shutdown.target - Shutdown.",
            "machine_reset",
            "died",
        ),
    ] {
        let place = Place::new();
        let run = killed(&place);
        let at = moved_to_another_boot(&run) + 1_000_000;
        let log = format!("[{}.{:06}] box {text}\n", at / 1_000_000, at % 1_000_000);
        let path = journalctl(&place, &log);
        let child = place
            .command(&["recover", run.to_str().unwrap(), "--json"])
            .env("PATH", path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let report = json(&place.ran(child).exits(10));
        assert_eq!(report["recovery"]["ended_by"], ending, "{text}");
        assert_eq!(report["recovery"]["restarts"], 1);
        assert_eq!(attempts(&report)[0]["outcome"], outcome, "{text}");
    }
}

#[test]
fn the_next_run_recovers_the_last_one_and_says_so() {
    let place = Place::new();
    let run = killed(&place);
    let ran = place
        .crashpoint(&["exec", "--", "true"])
        .exits(0)
        .says("supervisor killed (certain)");
    assert_eq!(ran.stderr.matches("recovered the run").count(), 1);
    assert!(exists(&run.join("report.json")));
    // What nobody can read keeps no run from beginning.
    std::fs::write(run.join("journal-0001.jsonl"), "no journal").unwrap();
    std::fs::remove_file(run.join("journal-0002.jsonl")).unwrap();
    let ran = place.crashpoint(&["exec", "--", "true"]).exits(0);
    assert_eq!(ran.stderr.matches("recover").count(), 0, "{}", ran.stderr);
    place
        .crashpoint(&["recover", run.to_str().unwrap()])
        .exits(2)
        .says("no whole header");
}

#[test]
fn where_there_is_nothing_it_is_said_in_a_sentence() {
    let place = Place::new();
    place
        .crashpoint(&["recover"])
        .exits(2)
        .says("name the place with --out");
    place
        .crashpoint(&["recover", "no-such-run"])
        .exits(2)
        .says("no-such-run");
    place.crashpoint(&["exec", "--", "true"]).exits(0);
    place
        .crashpoint(&["recover"])
        .exits(0)
        .says("nothing to recover");
}
