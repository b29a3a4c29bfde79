//! The unit that goes on with a run after a restart: shown, agreed to, installed and removed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crashpoint_reports::Event;
use crashpoint_reports::event::{Previous, Writer};
use crashpoint_reports::journal::{decode, encode};

use support::{Place, Ran, attempts, eventually, exists, records};

/// A `systemctl` that writes down what it is asked and says yes.
const SYSTEMCTL: &str = "#!/bin/sh\necho \"$@\" >>\"$CRASHPOINT_TEST_CALLS\"\n[ \"$2\" = show ] && echo Version=252\nexit 0\n";

fn command(place: &Place, systemctl: &str, arguments: &[&str]) -> Command {
    let fake = place.write("bin/systemctl", systemctl);
    std::fs::set_permissions(fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = place.command(arguments);
    command
        .env("PATH", format!("{}:{path}", place.path("bin").display()))
        .env("XDG_CONFIG_HOME", place.path("config dir"))
        .env("CRASHPOINT_TEST_CALLS", place.path("calls"))
        .env("CUDA_VISIBLE_DEVICES", "0")
        .env("NCCL_DEBUG", "a \"b\" 50% \\x\ny $HOME")
        .env("HF_TOKEN", "hf_secret")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(place: &Place, systemctl: &str, arguments: &[&str]) -> Ran {
    let child = command(place, systemctl, arguments).spawn().unwrap();
    place.ran(child)
}

fn units(place: &Place) -> Vec<PathBuf> {
    let folder = place.path("config dir/systemd/user");
    std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default()
}

#[test]
fn the_unit_is_there_while_the_run_goes_on_and_no_longer() {
    let place = Place::new();
    let inject = "hang@image=3,phase=vision";
    let arguments = [
        "run",
        "fifth",
        "--auto-resume=user",
        "--yes",
        "--inject",
        inject,
    ];
    let mut child = command(&place, SYSTEMCTL, &arguments).spawn().unwrap();
    eventually("the third image", || {
        let markers = records(&place);
        let at_it = |record: &serde_json::Value| record["event"]["marker"]["image"]["index"] == 3;
        markers.iter().any(at_it).then_some(())
    });
    let [unit] = &units(&place)[..] else {
        panic!("{:?}", units(&place));
    };
    let text = std::fs::read_to_string(unit).unwrap();
    let run = place.path("crashpoint-runs/latest").canonicalize().unwrap();
    for part in [
        "Environment=\"CUDA_VISIBLE_DEVICES=0\"\n",
        r#"Environment="NCCL_DEBUG=a \"b\" 50%% \\x\ny $HOME""#,
        "Environment=\"PATH=",
        &format!("WorkingDirectory={}\n", place.folder.path().display()),
        &format!("resume --unattended=user -- \"{}\"\n", run.display()),
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("hf_secret"), "{text}");
    verified(&place, unit);
    // The machine goes away with the supervisor, and at its next start the unit does what it says.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(exists(unit));
    let ran = run_of_the_unit(&place, &text);
    assert_eq!(ran.report()["journal"]["complete"], true, "{}", ran.stderr);
    assert!(units(&place).is_empty(), "{:?}", units(&place));
    let calls = std::fs::read_to_string(place.path("calls")).unwrap();
    let name = unit.file_name().unwrap().to_str().unwrap();
    for call in ["enable", "disable"] {
        assert!(
            calls.contains(&format!("--user {call} {name}\n")),
            "{calls}"
        );
    }
    assert!(calls.ends_with("--user daemon-reload\n"), "{calls}");
}

fn run_of_the_unit(place: &Place, unit: &str) -> Ran {
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let words: Vec<&str> = line
        .split(' ')
        .map(|word| word.trim_matches(['"', ':']))
        .collect();
    run(place, SYSTEMCTL, &words[1..])
}

/// By systemd itself, where it is installed.
fn verified(place: &Place, unit: &Path) {
    // It wants one for its own use, even to look at a file.
    let runtime = place.path("runtime");
    std::fs::create_dir(&runtime).unwrap();
    let verify = Command::new("systemd-analyze")
        .args(["--user", "verify", "--man=no"])
        .arg(unit)
        .env("XDG_RUNTIME_DIR", runtime)
        .output();
    if let Ok(output) = verify {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{told}");
    }
}

#[test]
fn a_run_that_ends_takes_its_unit_with_it() {
    let place = Place::new();
    run(
        &place,
        SYSTEMCTL,
        &["run", "single", "--auto-resume=user", "--yes"],
    )
    .exits(0);
    assert!(units(&place).is_empty());
    let calls = std::fs::read_to_string(place.path("calls")).unwrap();
    assert!(
        calls.contains("--user enable") && calls.contains("--user disable"),
        "{calls}"
    );
}

#[test]
fn nothing_is_installed_that_nobody_agreed_to() {
    let place = Place::new();
    run(&place, SYSTEMCTL, &["run", "single", "--auto-resume=user"])
        .exits(2)
        .says("--yes")
        .says("ExecStart=");
    assert!(units(&place).is_empty());
    assert!(
        !exists(&place.path("crashpoint-runs")),
        "and nothing was run"
    );
}

#[test]
fn the_unit_can_be_looked_at_without_anything_being_done() {
    let place = Place::new();
    let ran = run(
        &place,
        "#!/bin/sh\nexit 1\n",
        &["run", "single", "--auto-resume=user", "--print-unit"],
    )
    .exits(0);
    assert!(ran.stdout.contains("[Service]\n"), "{}", ran.stdout);
    assert!(units(&place).is_empty());
    assert!(!exists(&place.path("crashpoint-runs")));
}

#[test]
fn without_systemd_it_is_refused() {
    let place = Place::new();
    run(
        &place,
        "#!/bin/sh\nexit 1\n",
        &["run", "single", "--auto-resume=user", "--yes"],
    )
    .exits(3)
    .says("needs systemd");
    assert!(!exists(&place.path("crashpoint-runs")));
}

#[test]
fn a_unit_that_cannot_be_enabled_does_not_stay() {
    let place = Place::new();
    let refuses = "#!/bin/sh\n[ \"$2\" = enable ] && exit 1\nexit 0\n";
    run(
        &place,
        refuses,
        &["run", "single", "--auto-resume=user", "--yes"],
    )
    .exits(3)
    .says("cannot be enabled");
    assert!(units(&place).is_empty());
}

#[test]
fn a_machine_that_keeps_restarting_is_left_alone_after_a_while() {
    let place = Place::new();
    let inject = "hang@image=3,phase=vision";
    let arguments = [
        "run",
        "fifth",
        "--auto-resume=user",
        "--yes",
        "--max-resets",
        "1",
        "--inject",
        inject,
    ];
    let mut child = command(&place, SYSTEMCTL, &arguments).spawn().unwrap();
    eventually("the third image", || {
        let markers = records(&place);
        let at_it = |record: &serde_json::Value| record["event"]["marker"]["image"]["index"] == 3;
        markers.iter().any(at_it).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    restarted_twice(&place.path("crashpoint-runs/latest"));
    let latest = place.path("crashpoint-runs/latest");
    let arguments = [
        "resume",
        "--unattended=user",
        "--",
        latest.to_str().unwrap(),
    ];
    let ran = run(&place, SYSTEMCTL, &arguments).says("--max-resets 1");
    let report = ran.report();
    assert_eq!(report["journal"]["complete"], false);
    assert!(units(&place).is_empty(), "{:?}", units(&place));
    let tried = attempts(&report).len();
    assert_eq!(tried, 1, "and nothing was tried");
    // Whoever does it by hand has looked at the machine.
    let ran = run(&place, SYSTEMCTL, &["resume"]);
    assert_eq!(ran.report()["journal"]["complete"], true, "{}", ran.stderr);
}

/// As if another boot had begun the run, and one more had gone on with it.
fn restarted_twice(run: &Path) {
    let first = run.join("journal-0001.jsonl");
    let text = std::fs::read_to_string(&first).unwrap();
    let mut lines = Vec::new();
    let mut last = 0;
    for line in text.lines() {
        let Ok(mut record) = decode(line.as_bytes()) else {
            continue;
        };
        if let Event::Header(header) = &mut record.event {
            header.boot_id = "a boot before".to_owned();
        }
        last = record.seq;
        encode(&record, &mut lines).unwrap();
    }
    let mut record = decode(text.lines().next().unwrap().as_bytes()).unwrap();
    record.seq = last + 1;
    if let Event::Header(header) = &mut record.event {
        header.boot_id = "another boot before".to_owned();
        header.writer = Writer::Resume;
        header.previous = Some(Previous {
            segment: "journal-0001.jsonl".to_owned(),
            seq: Some(last),
        });
    }
    let mut second = Vec::new();
    encode(&record, &mut second).unwrap();
    std::fs::write(first, lines).unwrap();
    std::fs::write(run.join("journal-0002.jsonl"), second).unwrap();
}
