//! What is gathered about the death of programs that know nothing of crashpoint.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Place, Ran, attempts, eventually, lives, records};

fn exec(place: &Place, options: &[&str], command: &[&str]) -> Ran {
    let mut arguments = vec!["exec", "--quiet"];
    arguments.extend(options);
    arguments.push("--");
    arguments.extend(command);
    place.crashpoint(&arguments)
}

/// The one attempt of a report.
fn attempt(ran: &Ran) -> Value {
    attempts(&ran.report())[0].clone()
}

#[track_caller]
fn class(attempt: &Value) -> &str {
    attempt["verdict"]["class"].as_str().unwrap()
}

#[test]
fn a_python_script_that_crashes_in_native_code_shows_its_stack() {
    let place = Place::new();
    let script = place.write("crash.py", "import ctypes\nctypes.string_at(0)\n");
    let ran = exec(&place, &[], &["python3", script.to_str().unwrap()]).exits(10);
    let attempt = attempt(&ran);
    assert_eq!(attempt["ending"]["signal"], 11);
    assert_eq!(class(&attempt), "native_crash");
    // Python was told to print it.
    let stderr = attempt["stderr"]["tail"].as_str().unwrap();
    assert!(stderr.contains("Fatal Python error"), "{stderr}");
    assert!(stderr.contains("crash.py"), "{stderr}");
    assert!(ran.stderr.contains("crash.py"));
}

#[test]
fn a_python_script_that_raises_is_an_exception_of_its_own() {
    let place = Place::new();
    let script = "print('before'); raise KeyError('pixel_values_shape')";
    let ran = exec(&place, &["--pass-exit-code"], &["python3", "-c", script]).exits(1);
    let attempt = attempt(&ran);
    assert_eq!(class(&attempt), "application_exception");
    assert_eq!(attempt["ending"]["code"], 1);
    assert_eq!(attempt["stdout"]["tail"], "before\n");
    assert!(attempt["gathered"]["disks"][0]["total_bytes"].as_u64() > Some(0));
}

#[test]
fn a_program_that_throws_in_c_plus_plus_ends_in_its_own_abort() {
    let place = Place::new();
    let source = place.write(
        "throws.cpp",
        "#include <stdexcept>\nint main() { throw std::runtime_error(\"no such layer\"); }\n",
    );
    let program = place.path("throws");
    let compiled = Command::new("g++")
        .arg("-o")
        .arg(&program)
        .arg(source)
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        println!("skipped: there is no g++");
        return;
    }
    let ran = exec(&place, &[], &[program.to_str().unwrap()]).exits(10);
    let attempt = attempt(&ran);
    assert_eq!(attempt["ending"]["signal"], 6);
    assert_eq!(class(&attempt), "assertion_failed");
}

#[test]
fn a_pipeline_of_a_shell_keeps_its_exit_code_and_its_output() {
    let place = Place::new();
    let script = "printf 'a\\nb\\n' | sed s/a/x/; echo gone wrong >&2; echo y | grep -q z";
    let ran = exec(&place, &["--pass-exit-code"], &["sh", "-c", script]).exits(1);
    let attempt = attempt(&ran);
    assert_eq!(attempt["ending"]["code"], 1);
    assert_eq!(attempt["outcome"], "failed");
    assert_eq!(attempt["stdout"]["tail"], "x\nb\n");
    assert_eq!(attempt["stderr"]["tail"], "gone wrong\n");
}

/// `None`, with the reason printed, where no control group can be had.
fn limited(place: &Place, limit: &str, command: &[&str]) -> Option<Ran> {
    let ran = exec(place, &["--host-memory-limit", limit], command);
    if ran.code == Some(3) {
        println!("skipped: {}", ran.stderr);
        assert!(ran.stderr.contains("--host-memory-limit"), "{}", ran.stderr);
        return None;
    }
    Some(ran)
}

#[test]
fn a_program_that_outgrows_its_memory_limit_is_killed_and_the_kill_is_counted() {
    let place = Place::new();
    let script = "held = bytearray(400 * 1000 * 1000); print(len(held))";
    let Some(ran) = limited(&place, "64MiB", &["python3", "-c", script]) else {
        return;
    };
    let attempt = attempt(&ran.exits(10));
    assert_eq!(attempt["ending"]["kind"], "signal");
    assert_eq!(attempt["ending"]["signal"], 9);
    let counted = &attempt["gathered"]["cgroup"];
    assert_eq!(counted["own"], true, "{counted}");
    assert_eq!(counted["memory_limit_bytes"], 64 << 20);
    assert!(counted["oom_kills"].as_u64() >= Some(1), "{counted}");
    assert!(counted["limit_hits"].as_u64() >= Some(1), "{counted}");
    assert_eq!(class(&attempt), "host_oom_cgroup");
    assert_eq!(attempt["verdict"]["confidence"], "certain");
    assert_eq!(groups_left(counted), 0);
}

#[test]
fn a_limit_that_is_kept_harms_nobody() {
    let place = Place::new();
    let Some(ran) = limited(&place, "512MiB", &["sh", "-c", "echo fine"]) else {
        return;
    };
    assert!(ran.exits(0).stdout.starts_with("fine\n"));
}

/// A supervisor and its program, which sleeps in a control group of its own; `None` where there can
/// be none.
fn sleeping_in_a_group(place: &Place) -> Option<(Child, i64)> {
    let arguments = [
        "exec",
        "--host-memory-limit",
        "64MiB",
        "--",
        "sleep",
        "1000",
    ];
    let mut supervisor = place
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let program = eventually("the program, or a refusal", || {
        let pid = records(place)
            .iter()
            .find_map(|record| record["event"]["spawned"]["pid"].as_i64());
        let refused = supervisor.try_wait().unwrap().is_some();
        (pid.is_some() || refused).then_some(pid)
    });
    if program.is_none() {
        println!("skipped: no control group can be had");
    }
    Some((supervisor, program?))
}

#[test]
fn a_control_group_goes_even_when_the_supervisor_is_killed() {
    let place = Place::new();
    let Some((mut supervisor, _)) = sleeping_in_a_group(&place) else {
        return;
    };
    let mark = format!("-{}-", supervisor.id());
    assert!(!groups(&mark).is_empty());
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    eventually("the end of the control group", || {
        groups(&mark).is_empty().then_some(())
    });
}

#[test]
fn the_group_of_a_run_that_lost_its_keeper_too_goes_with_the_next_run() {
    let place = Place::new();
    let Some((mut supervisor, program)) = sleeping_in_a_group(&place) else {
        return;
    };
    let keeper = parent(program).to_string();
    // It must not see its keeper die: it would tidy up.
    let supervisor_pid = supervisor.id().to_string();
    for signal in [["-STOP", &supervisor_pid], ["-KILL", &keeper]] {
        assert!(
            Command::new("kill")
                .args(signal)
                .status()
                .unwrap()
                .success()
        );
    }
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    eventually("the end of the program", || (!lives(program)).then_some(()));
    limited(&Place::new(), "64MiB", &["true"]);
    let mark = format!("-{supervisor_pid}-");
    assert_eq!(groups(&mark), Vec::<std::path::PathBuf>::new());
}

fn parent(pid: i64) -> i64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    rest.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Directories of crashpoint's under all control groups whose name contains this.
fn groups(mark: &str) -> Vec<std::path::PathBuf> {
    let mut waiting = vec![std::path::PathBuf::from("/sys/fs/cgroup")];
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with("crashpoint-") && name.contains(mark) {
                found.push(entry.path());
            } else {
                waiting.push(entry.path());
            }
        }
    }
    found
}

/// Those of the run whose group was counted.
fn groups_left(counted: &Value) -> usize {
    let path = std::path::Path::new(counted["path"].as_str().unwrap());
    let name = path.file_name().unwrap().to_str().unwrap();
    groups(name.rsplit_once('-').unwrap().0).len()
}

#[test]
fn the_first_error_is_kept_though_much_was_printed_after_it() {
    let place = Place::new();
    let script = "\
import sys
print('torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.', file=sys.stderr)
for n in range(60000): print('retrying request', n, file=sys.stderr)
sys.exit(3)";
    let mut child = place
        .command(&["exec", "--quiet", "--", "python3", "-c", script])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.wait().unwrap();
    let folder = place.path("crashpoint-runs/latest");
    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap();
    let attempt = attempts(&report)[0];
    let head = attempt["stderr"]["head"].as_str().unwrap();
    assert!(head.starts_with("torch.OutOfMemoryError"), "{head}");
    let tail = attempt["stderr"]["tail"].as_str().unwrap();
    assert!(tail.ends_with("retrying request 59999\n"));
    let notable = attempt["gathered"]["notable"].as_array().unwrap();
    assert_eq!(notable[0]["line"], 1);
}

#[test]
fn a_reader_that_does_not_read_keeps_no_limit_from_being_enforced() {
    let place = Place::new();
    let mut child = place
        .command(&["exec", "--quiet", "--timeout", "1s", "--", "yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut unread = child.stdout.take().unwrap();
    eventually("the end of the run in the record", || {
        records(&place)
            .iter()
            .any(|record| record["event"]["run_end"].is_object())
            .then_some(())
    });
    let ended = records(&place)
        .iter()
        .find_map(|record| Some(record["event"].get("ended")?["ending"]["kind"].clone()))
        .unwrap();
    assert_eq!(ended, "timeout");
    let reader = std::thread::spawn(move || {
        let mut all = String::new();
        unread.read_to_string(&mut all).unwrap();
        all
    });
    place.ran(child).exits(10);
    // Late, but whole, and in order.
    let all = reader.join().unwrap();
    let lines = all.lines().take_while(|line| *line == "y").count();
    assert!(lines > 100_000, "{lines}");
    let report = all.split_at(2 * lines).1;
    assert!(report.contains("time limit"), "{report}");
    assert!(!report.contains("\ny\n"), "{report}");
}

#[test]
fn the_death_is_on_record_before_anything_else_is_done_about_it() {
    let place = Place::new();
    exec(&place, &[], &["sh", "-c", "(sleep 1000) & kill -ABRT $$"]).exits(10);
    let order: Vec<String> = records(&place)
        .iter()
        .filter_map(|record| record["event"].as_object()?.keys().next().cloned())
        .filter(|event| ["ended", "attempt_end", "gathered"].contains(&event.as_str()))
        .collect();
    assert_eq!(order, ["ended", "attempt_end", "gathered"]);
}
