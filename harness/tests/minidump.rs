//! A worker that dies by a signal of its own says where, and leaves a minidump that can be read.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use minidump::{Minidump, MinidumpException, MinidumpLinuxEnviron, MinidumpThreadList};
use serde_json::Value;
use support::{Place, Ran};

const FAULT: &str = "crashpoint_scenarios::fault::";

#[track_caller]
fn crash_of(ran: &Ran) -> Value {
    let report = ran.report();
    let attempt = &report["cases"][0]["attempts"][0];
    let crash = &attempt["gathered"]["crash"];
    assert!(crash.is_object(), "{attempt:#}");
    crash.clone()
}

/// One fault, the signal that it ends by, and what is known of it.
#[track_caller]
fn crashes(fault: &str, signal: i64) -> (Place, Ran, Value) {
    let place = Place::new();
    let ran = place.crashpoint(&["fault", fault]).exits(10);
    let ending = &ran.report()["cases"][0]["attempts"][0]["ending"];
    assert_eq!(ending["kind"], "signal");
    assert_eq!(ending["signal"], signal);
    let crash = crash_of(&ran);
    (place, ran, crash)
}

fn symbols(crash: &Value) -> Vec<&str> {
    let frames = crash["frames"].as_array().unwrap();
    frames
        .iter()
        .map(|frame| frame["symbol"].as_str().unwrap_or_default())
        .collect()
}

fn folder(ran: &Ran) -> std::path::PathBuf {
    ran.latest().join("attempts/01")
}

/// The two logs, the crash and its minidump: no file that was in the making.
#[track_caller]
fn left_nothing_else(folder: &Path) {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "minidump.dmp")
        .collect();
    names.sort();
    assert_eq!(names, ["crash.json", "stderr.log", "stdout.log"]);
}

#[test]
fn a_segfault_is_located_to_the_function() {
    let (_place, ran, crash) = crashes("segfault", 11);
    assert_eq!(crash["signal"], 11);
    // The page is not mapped, says the kernel.
    assert_eq!(crash["code"], 1);
    assert_eq!(crash["address"], 16);
    assert_eq!(crash["sender_pid"], Value::Null);
    assert!(!crash["instruction"].as_str().unwrap().is_empty());
    assert_eq!(symbols(&crash)[0], format!("{FAULT}segfault::commit"));
    assert_eq!(crash["failures"], Value::Null);
    left_nothing_else(&folder(&ran));
}

#[test]
fn an_abort_was_sent_by_the_process_itself() {
    let (_place, _ran, crash) = crashes("abort", 6);
    assert_eq!(crash["signal"], 6);
    assert_eq!(crash["sender_pid"], crash["pid"]);
    let symbols = symbols(&crash);
    let place = format!("{FAULT}abort::commit");
    assert!(symbols.contains(&place.as_str()), "{symbols:?}");
}

#[test]
fn a_call_through_a_null_pointer_has_a_caller() {
    let (_place, _ran, crash) = crashes("null-call", 11);
    assert_eq!(crash["address"], 0);
    assert_eq!(symbols(&crash)[1], format!("{FAULT}null_call::commit"));
}

/// Rust's own handler comes after ours: it says what it was, and aborts.
#[track_caller]
fn overflows(fault: &str, thread: &str) {
    let (_place, ran, crash) = crashes(fault, 6);
    assert_eq!(crash["signal"], 11);
    assert_eq!(crash["stack_overflow"], true);
    assert_eq!(crash["thread"], thread);
    assert_eq!(
        symbols(&crash)[0],
        format!("{FAULT}stack_overflow::recurse")
    );
    assert_eq!(crash["minidump"], "minidump.dmp");
    let stderr = std::fs::read_to_string(folder(&ran).join("stderr.log")).unwrap();
    assert!(stderr.contains("has overflowed its stack"), "{stderr}");
}

#[test]
fn the_main_threads_stack_that_overflows() {
    overflows("stack-overflow", "crashpoint");
}

#[test]
fn another_threads_stack_that_overflows() {
    overflows("thread-stack-overflow", "parser");
}

#[test]
fn a_signal_from_outside_ends_it_and_its_sender_is_named() {
    let place = Place::new();
    let child = place
        .command(&["fault", "hang"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The marker of the phase in which it hangs is the second one.
    let pid = support::eventually("the worker hangs", || {
        let records = support::records(&place);
        let markers = records
            .iter()
            .filter(|it| it["event"]["marker"].is_object());
        let spawned = records
            .iter()
            .find_map(|it| it["event"]["spawned"]["pid"].as_i64());
        spawned.filter(|_| markers.count() >= 2)
    });
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSEGV).unwrap();
    let ran = place.ran(child).exits(10);
    let attempt = &ran.report()["cases"][0]["attempts"][0];
    assert_eq!(attempt["ending"]["signal"], 11);
    assert_eq!(crash_of(&ran)["sender_pid"], std::process::id());
    assert_eq!(attempt["verdict"]["class"], "killed_from_outside");
}

#[test]
fn the_minidump_names_the_thread_and_the_address_and_no_environment() {
    let place = Place::new();
    let child = place
        .command(&["fault", "segfault"])
        .env("CRASHPOINT_TEST_TOKEN", "hf_a_secret_that_must_not_be_kept")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ran = place.ran(child).exits(10);
    let crash = crash_of(&ran);
    assert_eq!(crash["minidump"], "minidump.dmp");
    let path = folder(&ran).join("minidump.dmp");
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = std::fs::read(&path).unwrap();
    let secret = b"hf_a_secret_that_must_not_be_kept";
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));

    let dump = Minidump::read(bytes).unwrap();
    let exception: MinidumpException<'_> = dump.get_stream().unwrap();
    assert_eq!(exception.raw.exception_record.exception_code, 11);
    assert_eq!(exception.raw.exception_record.exception_address, 16);
    let threads: MinidumpThreadList<'_> = dump.get_stream().unwrap();
    let crashed = exception.get_crashing_thread_id();
    let memory = dump.get_memory().unwrap();
    let thread = threads.get_thread(crashed).unwrap();
    assert!(!thread.stack_memory(&memory).unwrap().bytes().is_empty());
    // The stream is there, for readers that insist on it, and says nothing.
    if let Ok(environ) = dump.get_stream::<MinidumpLinuxEnviron<'_>>() {
        assert!(environ.iter().all(|(_, value)| value.as_bytes().is_empty()));
    }
}

#[test]
fn a_crash_in_a_run_has_frames_too() {
    let place = Place::new();
    let ran = place
        .crashpoint(&["run", "single", "--inject", "segfault@phase=prefill"])
        .exits(10);
    let crash = crash_of(&ran);
    assert_eq!(symbols(&crash)[0], format!("{FAULT}segfault::commit"));
    assert_eq!(crash["minidump"], "minidump.dmp");
}

/// Starts the crash with this program in the helper's place.
#[track_caller]
fn with_helper(script: &str) -> (Place, Ran) {
    let place = Place::new();
    let helper = place.write("helper", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&helper, PermissionsExt::from_mode(0o700)).unwrap();
    let child = place
        .command(&["fault", "segfault"])
        .env("CRASHPOINT_MINIDUMP_HELPER", helper)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ran = place.ran(child).exits(10);
    let attempt = &ran.report()["cases"][0]["attempts"][0];
    assert_eq!(attempt["ending"]["signal"], 11, "{attempt:#}");
    assert_eq!(attempt["ending"]["kind"], "signal");
    // Nobody had to be ended after the worker.
    assert_eq!(attempt["left_behind"].as_array().unwrap().len(), 0);
    left_nothing_else(&folder(&ran));
    (place, ran)
}

#[track_caller]
fn fails(ran: &Ran, part: &str) {
    let crash = crash_of(ran);
    assert_eq!(crash["signal"], 11);
    let failures = crash["failures"].to_string();
    assert!(failures.contains(part), "{failures}");
}

#[test]
fn a_helper_that_sleeps_is_ended_and_the_signal_stays() {
    let (_place, ran) = with_helper("echo $$ > pid; exec sleep 1000");
    fails(&ran, "too long");
}

#[test]
fn a_helper_that_stops_the_worker_and_dies_does_not_leave_it_stopped() {
    let (_place, ran) = with_helper("kill -STOP $PPID; kill -KILL $$");
    fails(&ran, "without a word");
}

#[test]
fn a_helper_that_stops_the_worker_and_sleeps_is_ended_too() {
    let (_place, ran) = with_helper("kill -STOP $PPID; exec sleep 1000");
    fails(&ran, "too long");
}

#[test]
fn a_helper_that_fails_is_told() {
    let (_place, ran) = with_helper("exit 3");
    fails(&ran, "without a word");
}

#[test]
fn a_helper_gets_none_of_the_workers_files() {
    let (place, _ran) = with_helper("ls -l /proc/$$/fd > \"$2/../../../../fds\"; exit 3");
    let fds = std::fs::read_to_string(place.path("fds")).unwrap();
    assert!(fds.contains("crashpoint-crash"), "{fds}");
    assert!(!fds.contains("socket:") && !fds.contains("pipe:"), "{fds}");
}

#[test]
fn an_ordinary_user_gets_it_too() {
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is this one.
        return;
    }
    let place = Place::new();
    let user = 65534;
    let root = place.folder.path();
    std::os::unix::fs::chown(root, Some(user), Some(user)).unwrap();
    let binary = root.join("crashpoint");
    std::fs::copy(env!("CARGO_BIN_EXE_crashpoint"), &binary).unwrap();
    let child = Command::new("setpriv")
        .args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--no-new-privs",
        ])
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(&binary)
        .args(["fault", "segfault"])
        .current_dir(root)
        .env("HOME", root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ran = place.ran(child).exits(10);
    let crash = crash_of(&ran);
    assert_eq!(symbols(&crash)[0], format!("{FAULT}segfault::commit"));
    assert_eq!(crash["minidump"], "minidump.dmp");
    assert_eq!(crash["failures"], Value::Null);
}
