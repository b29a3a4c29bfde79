//! Programs that know nothing of crashpoint, and one that tells its phases.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use support::{Place, attempts, eventually, lives, records};

#[test]
fn output_and_exit_code_of_a_program_are_kept() {
    let place = Place::new();
    let ran = place
        .crashpoint(&[
            "exec",
            "--quiet",
            "--",
            "sh",
            "-c",
            "echo out; echo err >&2; exit 7",
        ])
        .exits(10);
    assert!(ran.stdout.starts_with("out\n"));
    assert!(ran.stderr.contains("err\n"));
    let report = ran.report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["ending"]["code"], 7);
    assert_eq!(attempt["stderr"]["tail"], "err\n");
    assert_eq!(
        std::fs::read_to_string(ran.latest().join("attempts/01/stdout.log")).unwrap(),
        "out\n"
    );
    place
        .crashpoint(&["exec", "--pass-exit-code", "--", "sh", "-c", "exit 7"])
        .exits(7);
    place
        .crashpoint(&[
            "exec",
            "--pass-exit-code",
            "--",
            "sh",
            "-c",
            "kill -SEGV $$",
        ])
        .exits(128 + 11);
    place.crashpoint(&["exec", "--", "true"]).exits(0);
}

#[test]
fn a_program_that_hangs_is_ended_with_all_its_children() {
    let place = Place::new();
    let script = "sleep 1000 & echo child $!; (trap '' TERM; sleep 1000) & wait";
    let ran = place
        .crashpoint(&["exec", "--timeout", "5s", "--", "sh", "-c", script])
        .exits(10);
    let report = ran.report();
    assert_eq!(attempts(&report)[0]["ending"]["kind"], "timeout");
    let child: i64 = ran
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("child "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(!lives(child));
}

#[test]
fn a_daemon_that_a_program_leaves_behind_is_named_and_ended() {
    let place = Place::new();
    // In a session of its own, and orphaned: no process group reaches it.
    let script = "setsid sh -c 'sleep 1000 & echo daemon $!' ";
    let ran = place
        .crashpoint(&["exec", "--", "sh", "-c", script])
        .exits(10);
    let report = ran.report();
    let left = attempts(&report)[0]["left_behind"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["name"], "sleep");
    let daemon: i64 = ran
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("daemon "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(!lives(daemon));
}

#[test]
fn a_program_that_cannot_be_found_is_a_mistake_of_the_command_line() {
    let place = Place::new();
    place
        .crashpoint(&["exec", "--", "no-such-program"])
        .exits(2)
        .says("no-such-program");
}

#[test]
fn the_python_example_tells_its_phases() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/phases.py");
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.write(name, name);
    }
    let ran = place
        .crashpoint(&["exec", "--", "python3", example, "a", "b", "c"])
        .exits(0);
    let report = ran.report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["images"].as_array().unwrap().len(), 3);
    assert_eq!(attempt["images"][2]["file"], "c");
    // The third file is missing: the crash point is its first phase.
    std::fs::remove_file(place.path("c")).unwrap();
    let ran = place
        .crashpoint(&["exec", "--", "python3", example, "a", "b", "c"])
        .exits(10);
    let report = ran.report();
    let point = &attempts(&report)[0]["crash_point"];
    assert_eq!(
        (point["image"].as_i64(), point["phase"].as_str()),
        (Some(3), Some("read"))
    );
    // And alone it needs no crashpoint.
    let alone = std::process::Command::new("python3")
        .args([example])
        .arg(place.path("a"))
        .output()
        .unwrap();
    assert!(alone.status.success());
}

#[test]
fn what_is_piped_in_reaches_the_program() {
    let place = Place::new();
    let mut child = place
        .command(&["exec", "--quiet", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"through\n").unwrap();
    let ran = place.ran(child).exits(0);
    assert!(ran.stdout.starts_with("through\n"), "{}", ran.stdout);
}

#[test]
fn when_the_supervisor_is_killed_nothing_of_the_program_lives_on() {
    let place = Place::new();
    let script = "setsid sleep 1000 & echo one $! >pids; sleep 1000 & echo two $! >>pids; wait";
    let mut supervisor = place
        .command(&["exec", "--", "sh", "-c", script])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids: Vec<i64> = eventually("both children", || {
        let text = std::fs::read_to_string(place.path("pids")).ok()?;
        let pids: Vec<i64> = text
            .lines()
            .filter_map(|line| line.split(' ').nth(1)?.parse().ok())
            .collect();
        (pids.len() == 2).then_some(pids)
    });
    let program = eventually("the program's pid", || {
        records(&place)
            .iter()
            .find_map(|record| record["event"]["spawned"]["pid"].as_i64())
    });
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    for pid in pids.into_iter().chain([program]) {
        eventually("the death of what the program started", || {
            (!lives(pid)).then_some(())
        });
    }
    // What was recorded can be read.
    let ran = place.crashpoint(&["report", "--format", "json"]).exits(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["journal"]["complete"], false);
    assert_eq!(attempts(&report)[0]["outcome"], "incomplete");
}
