//! Which worker runs the cases and on what, and a worker that the loader cannot complete.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Place, Ran, attempts, worker};

/// A run of one case, with these folders on the PATH and no GPU to be seen.
fn run(place: &Place, path: &[&Path], arguments: &[&str]) -> Ran {
    let folders = path.iter().map(|it| it.display().to_string());
    let folders: Vec<String> = folders.chain(["/usr/bin:/bin".to_owned()]).collect();
    let child = place
        .command(&["run", "single", "--no-triage"])
        .args(arguments)
        .env("PATH", folders.join(":"))
        .env("FAKE_VERSION", env!("CARGO_PKG_VERSION"))
        .env("CUDA_VISIBLE_DEVICES", "")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child)
}

fn cc(folder: &Path, words: &[&str]) {
    let mut cc = Command::new("cc");
    assert!(
        cc.args(words)
            .current_dir(folder)
            .status()
            .unwrap()
            .success()
    );
}

/// A program of this name that is linked against `libnotthere.so`, which is there as yet, in a version
/// of its own.
fn linked(place: &Place, name: &str) -> PathBuf {
    place.write("built/there.c", "int there(void) { return 0; }\n");
    let main = "int there(void);\nint main(void) { return there(); }\n";
    place.write("built/main.c", main);
    library(place, "THERE_2.38");
    let folder = place.path("built");
    let words = [
        "main.c",
        "-L.",
        "-lnotthere",
        "-Wl,-rpath,$ORIGIN",
        "-o",
        name,
    ];
    cc(&folder, &words);
    folder.join(name)
}

fn library(place: &Place, version: &str) {
    place.write("built/map", format!("{version} {{ global: there; }};\n"));
    let words = [
        "-shared",
        "-fPIC",
        "there.c",
        "-Wl,--version-script=map",
        "-o",
        "libnotthere.so",
    ];
    cc(&place.path("built"), &words);
}

/// One whose library is not there any more.
fn incomplete(place: &Place, name: &str) -> PathBuf {
    let program = linked(place, name);
    std::fs::remove_file(place.path("built/libnotthere.so")).unwrap();
    program
}

#[track_caller]
fn names_the_library(report: &Value) {
    let attempt = attempts(report)[0];
    assert_eq!(attempt["outcome"], "failed");
    assert_eq!(attempt["ending"]["code"], 127);
    let verdict = &attempt["verdict"];
    assert_eq!(verdict["class"], "library_missing");
    let evidence = verdict["evidence"].to_string();
    assert!(evidence.contains("libnotthere.so"), "{evidence}");
}

#[test]
fn a_worker_whose_library_is_missing_is_a_verdict() {
    let place = Place::new();
    let app = incomplete(&place, "app");
    let words = ["--worker", app.to_str().unwrap()];
    names_the_library(&run(&place, &[], &words).exits(10).report());
}

#[test]
fn a_worker_whose_library_is_too_old_is_another_verdict() {
    let place = Place::new();
    let app = linked(&place, "crashpoint-worker");
    library(&place, "THERE_2.37");
    let words = ["--worker", app.to_str().unwrap()];
    let report = run(&place, &[], &words).exits(10).report();
    let verdict = &attempts(&report)[0]["verdict"];
    assert_eq!(verdict["class"], "library_mismatch");
    assert!(verdict["evidence"].to_string().contains("THERE_2.38"));
    // Found rather than named it is known beforehand that it cannot be started.
    let path = place.path("built");
    let ran = run(&place, &[&path], &["--device", "cuda:0"]).exits(10);
    let because = ran.report()["environment"]["runs_on"]["worker_because"].to_string();
    assert!(because.contains("cannot be started"), "{because}");
}

#[test]
fn one_that_was_found_and_cannot_be_started_is_told_of_where_a_gpu_was_asked_for() {
    let place = Place::new();
    incomplete(&place, "crashpoint-worker");
    let path = place.path("built");
    let ran = run(&place, &[&path], &["--device", "cuda:0"]).exits(10);
    let report = ran.report();
    names_the_library(&report);
    let because = report["environment"]["runs_on"]["worker_because"].to_string();
    assert!(because.contains("cannot be started"), "{because}");
    // Where nobody asked for one there is the processor.
    let ran = run(&place, &[&path], &[]).exits(0);
    let report = ran.report();
    assert_eq!(report["run"]["settings"]["device"], "cpu");
    assert_eq!(report["environment"]["runs_on"]["worker"], "built in");
}

#[test]
fn a_worker_on_the_path_is_used_for_a_gpu_if_it_was_built_for_one() {
    let place = Place::new();
    let folder = place.path("bin");
    std::fs::create_dir(&folder).unwrap();
    let found = folder.join("crashpoint-worker");
    std::os::unix::fs::symlink(worker("with_cuda.sh"), &found).unwrap();
    let report = run(&place, &[&folder], &["--device", "cuda:0"]).exits(10);
    let report = report.report();
    let runs_on = &report["environment"]["runs_on"];
    assert_eq!(runs_on["worker"], found.to_str().unwrap());
    assert_eq!(runs_on["worker_features"][0], "cuda");
    assert_eq!(attempts(&report)[0]["command"][0], found.to_str().unwrap());
    // All GPUs are hidden here.
    let report = run(&place, &[&folder], &[]).exits(0).report();
    let runs_on = &report["environment"]["runs_on"];
    assert_eq!(runs_on["device"], "cpu");
    let because = runs_on["device_because"].to_string();
    assert!(because.contains("there is no GPU to be used"), "{because}");
}

#[test]
fn several_devices_that_are_not_there_are_no_run() {
    let place = Place::new();
    let none = run(&place, &[], &["--devices", "all"]);
    none.exits(3).says("--devices: there is no GPU");
    for (devices, told) in [
        ("cuda:0,cuda:0", "cuda:0 is named twice"),
        (
            "cpu",
            "\"cpu\" is no device: say all, or such as cuda:0,cuda:1",
        ),
    ] {
        let wrong = run(&place, &[], &["--devices", devices]);
        wrong.exits(2).says(told);
    }
}
