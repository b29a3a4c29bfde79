//! Runs on GPUs that a scripted NVML shows, with a worker that works at once: what they leave behind,
//! and several of them, one after another and at the same time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use serde_json::Value;
use support::{Place, Ran, attempts, worker};

fn gpu(index: u32, memory_used_mib: &str) -> String {
    format!(
        "[[gpu]]\nuuid = \"GPU-{index}\"\npci = \"00000000:0{index}:00.0\"\nname = \"Fake\"\n\
         memory_total_mib = 24576\nmemory_used_mib = {memory_used_mib}\n"
    )
}

fn run(place: &Place, gpus: &[String], arguments: &[&str]) -> Ran {
    let words = ["run", "each-alone", "--no-triage", "--worker"];
    let child = place
        .scripted(&gpus.concat(), &words)
        .arg(worker("checked.sh"))
        .args(arguments)
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env("FAKE_CHECK", "works")
        .env("FAKE_STATE", place.path("happened"))
        .env("FAKE_LEAK", place.path("leaked"))
        .env("FAKE_VERSION", env!("CARGO_PKG_VERSION"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child)
}

#[test]
fn memory_that_an_attempt_leaves_behind_is_its_finding_and_nobody_elses() {
    let place = Place::new();
    let leaking = gpu(0, r#"{ before = 500, after = 3572, when = "leaked" }"#);
    let report = run(&place, &[leaking], &["--device", "cuda:0"])
        .exits(10)
        .report();
    let attempts = attempts(&report);
    assert_eq!(attempts.len(), 8);
    assert!(attempts.iter().all(|it| it["outcome"] == "survived"));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["case"], report["cases"][0]["name"]);
    assert_eq!(findings[0]["verdict"]["class"], "gpu_memory_leak");
    let what = findings[0]["what"].as_str().unwrap();
    assert!(what.starts_with("3.00 GiB more are in use"), "{what}");
}

fn names(report: &Value) -> Vec<&str> {
    let cases = report["cases"].as_array().unwrap();
    cases
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect()
}

fn of_device(report: &Value, device: &str) -> Vec<String> {
    let all = names(report).into_iter();
    all.filter(|name| name.ends_with(device))
        .map(str::to_owned)
        .collect()
}

/// No attempt of this device was on another.
fn assert_only(report: &Value, device: &str, uuid: &str) {
    let mut cases = report["cases"].as_array().unwrap().iter();
    assert!(
        cases.all(|case| {
            case["name"].as_str().unwrap().ends_with(device) == (case["attempts"][0]["gpu"] == uuid)
        }),
        "{device} is not {uuid}"
    );
}

#[test]
fn several_gpus_are_used_one_after_another_in_one_run() {
    let place = Place::new();
    let gpus = [gpu(0, "500"), gpu(1, "700")];
    let report = run(&place, &gpus, &["--devices", "all"]).exits(0).report();
    assert_eq!(names(&report).len(), 16);
    for (device, uuid) in [("@cuda:0", "GPU-0"), ("@cuda:1", "GPU-1")] {
        assert_eq!(of_device(&report, device).len(), 8);
        assert_only(&report, device, uuid);
    }
    assert_eq!(report["environment"]["runs_on"]["device"], "cuda:0,cuda:1");
}

#[test]
fn in_parallel_each_gpu_has_a_run_of_its_own() {
    let place = Place::new();
    let gpus = [gpu(0, "500"), gpu(1, "700")];
    let options = ["--devices", "cuda:1,cuda:0", "--parallel", "--json"];
    let ran = run(&place, &gpus, &options).exits(0);
    let reports: Value = serde_json::from_str(&ran.stdout).unwrap();
    let reports = reports.as_array().unwrap();
    assert_eq!(reports.len(), 2);
    for (report, device, uuid) in [
        (&reports[0], "cuda:1", "GPU-1"),
        (&reports[1], "cuda:0", "GPU-0"),
    ] {
        let attempts = attempts(report);
        assert_eq!(attempts.len(), 8);
        assert!(attempts.iter().all(|it| it["gpu"] == uuid), "{device}");
        assert_eq!(report["environment"]["runs_on"]["device"], device);
    }
    assert_ne!(reports[0]["run"]["id"], reports[1]["run"]["id"]);
}
