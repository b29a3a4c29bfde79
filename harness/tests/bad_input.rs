//! Bad input of every kind: one clear sentence, the right exit code, nothing lost.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use support::{Place, Ran, attempts};

const PAGE: &[u8] = include_bytes!("../../scenarios/images/news-01.png");

#[test]
fn a_bad_image_fails_that_image_and_not_the_run() {
    let place = Place::new();
    place.write("images/1-good.png", PAGE);
    place.write("images/2-empty.png", "");
    place.write("images/3-text.png", "this is no image");
    place.write("images/4-truncated.png", &PAGE[..PAGE.len() / 2]);
    let mut corrupt = PAGE.to_vec();
    corrupt[PAGE.len() / 2] ^= 0xff;
    place.write("images/5-corrupt.png", corrupt);
    image::GrayImage::new(20_000, 2)
        .save(place.path("images/6-wide.png"))
        .unwrap();
    place.write("images/10-good.png", PAGE);
    let ran = place
        .crashpoint(&["run", "long", "--images-total", "7", "--images", "images"])
        .exits(10);
    let report = ran.report();
    let attempt = attempts(&report)[0];
    assert_eq!(
        attempt["ending"]["code"], 0,
        "the worker goes on: {attempt:#}"
    );
    let images = attempt["images"].as_array().unwrap();
    let outcomes: Vec<&str> = images
        .iter()
        .map(|image| image["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "survived", "failed", "failed", "failed", "failed", "failed", "survived"
        ]
    );
    assert!(
        images[5]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("20000"),
        "{}",
        images[5]
    );
    // Natural order: 10 after 6. And every failure is a finding with its class.
    assert!(images[6]["file"].as_str().unwrap().ends_with("10-good.png"));
    assert_eq!(report["findings"].as_array().unwrap().len(), 5);
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|finding| finding["verdict"]["class"] == "input_broken")
    );
}

#[test]
fn a_folder_without_images_is_nothing_to_run() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    place
        .crashpoint(&["run", "--images", "empty"])
        .exits(4)
        .says("empty");
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let place = Place::new();
    place
        .crashpoint(&["run", "--images", "no/such/folder"])
        .exits(2)
        .says("no/such/folder");
    place
        .crashpoint(&["run", "--images", "pages-*.png"])
        .exits(2)
        .says("pages-*.png");
    place
        .crashpoint(&["run", "--model", "./no-such-model"])
        .exits(2)
        .says("no-such-model");
    place
        .crashpoint(&["run", "--ladder", "no-such.toml"])
        .exits(2)
        .says("no-such.toml");
    place
        .crashpoint(&["run", "--worker", "no-such-worker"])
        .exits(2)
        .says("no-such-worker");
    place
        .crashpoint(&["report", "no-such-run"])
        .exits(2)
        .says("no-such-run");
}

#[test]
fn what_the_command_line_does_not_know_is_usage() {
    let place = Place::new();
    place
        .crashpoint(&["run", "--imagse", "x"])
        .exits(2)
        .says("--imagse");
    place.crashpoint(&["run", "sixth"]).exits(2).says("sixth");
    place
        .crashpoint(&["run", "--inject", "segfault@image=five"])
        .exits(2)
        .says("five");
    place
        .crashpoint(&["run", "--inject", "meltdown"])
        .exits(2)
        .says("meltdown");
    place
        .crashpoint(&["run", "--sample-hz", "1000"])
        .exits(2)
        .says("100");
    place
        .crashpoint(&["run", "--memory-fraction", "30"])
        .exits(2)
        .says("memory-fraction");
    place
        .crashpoint(&["fault", "meltdown"])
        .exits(2)
        .says("meltdown");
    place
        .crashpoint(&["run", "--model", "synthetic:gpt-9"])
        .exits(2)
        .says("gpt-9");
    assert!(
        !place.path("crashpoint-runs").exists(),
        "nothing ran, so nothing is left"
    );
}

#[test]
fn a_run_that_is_no_run_cannot_be_reported() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    place
        .crashpoint(&["report", "folder"])
        .exits(2)
        .says("no journal");
    place.write("report.json", "{}");
    place
        .crashpoint(&["report", "report.json"])
        .exits(2)
        .says("report.json");
}

#[test]
fn a_checkpoint_that_lacks_a_file_fails_in_load_and_stays_on_record() {
    let place = Place::new();
    place.write("model/tokenizer.json", "{}");
    let ran = place
        .crashpoint(&["run", "--no-triage", "--model", "model"])
        .exits(10);
    let report = ran.report();
    assert_eq!(
        attempts(&report).len(),
        1,
        "the ladder stops at its first rung"
    );
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["outcome"], "failed");
    assert_eq!(attempt["crash_point"]["phase"], "load");
    assert_eq!(attempt["verdict"]["class"], "model_files_broken");
    assert!(
        attempt["error"]["message"]
            .as_str()
            .unwrap()
            .contains("config.json")
    );
    assert!(ran.stdout.contains("config.json"), "{}", ran.stdout);
}

#[test]
fn a_model_that_does_not_fit_is_refused_with_the_numbers() {
    let place = Place::new();
    let ran = place
        .crashpoint(&["run", "single", "--memory-cap", "10KB"])
        .exits(3);
    let report = ran.report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["verdict"]["class"], "config_memory_plan");
    assert!(
        attempt["error"]["message"]
            .as_str()
            .unwrap()
            .contains("GiB")
    );
    place.crashpoint(&["run", "single", "--no-budget"]).exits(0);
}

#[test]
fn a_device_that_this_worker_cannot_have_is_named() {
    let place = Place::new();
    place
        .crashpoint(&["run", "--device", "gpu"])
        .exits(2)
        .says("cuda:N");
    let report = place
        .crashpoint(&["run", "single", "--no-triage", "--device", "cuda:0"])
        .exits(10)
        .report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt["verdict"]["class"], "gpu_absent");
    assert!(
        attempt["error"]["message"]
            .as_str()
            .unwrap()
            .contains("--worker")
    );
}

#[test]
fn a_hub_name_without_network_is_an_unfit_environment() {
    let place = Place::new();
    let child = place
        .command(&["run", "--model", "no-such-org/no-such-model"])
        .env("HF_HUB_OFFLINE", "1")
        .env("HF_HOME", place.path("hub"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child).exits(3).says("no-such-org/no-such-model");
}

/// In a mount namespace of its own, with a file system of this kind at `out`. `None` where an
/// ordinary user may not have one, as some distributions have it.
fn on_file_system(place: &Place, options: &str, arguments: &str) -> Option<Ran> {
    std::fs::create_dir_all(place.path("out")).unwrap();
    let script = format!(
        "mount -t tmpfs -o {options} none out && exec {} {arguments} --out out",
        env!("CARGO_BIN_EXE_crashpoint")
    );
    // Root may do it as it is; anybody else in a user namespace, if at all.
    let root = nix::unistd::getuid().is_root();
    let namespace = if root { "-m" } else { "-rm" };
    let probe = [namespace, "sh", "-c", "mount -t tmpfs none out"];
    let mut command = Command::new("unshare");
    command.args([namespace, "sh", "-c", &script]);
    for (name, value) in place.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let tried = Command::new("unshare")
        .args(probe)
        .current_dir(place.folder.path())
        .output();
    if !root && !tried.is_ok_and(|output| output.status.success()) {
        eprintln!("not tested: this user may not mount anything, even in a namespace");
        return None;
    }
    let child = command
        .current_dir(place.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Some(place.ran(child))
}

#[test]
fn a_place_that_cannot_be_written_is_an_unfit_environment() {
    let place = Place::new();
    if let Some(ran) = on_file_system(&place, "ro", "run single") {
        ran.exits(3).says("--out");
    }
    place.write("file", "");
    place
        .crashpoint(&["run", "single", "--out", "file/runs"])
        .exits(3)
        .says("file/runs");
}

#[test]
fn a_full_disk_is_told_at_once() {
    let place = Place::new();
    if let Some(ran) = on_file_system(&place, "size=4k", "run single") {
        ran.exits(3).says("No space left");
    }
}

#[test]
fn an_image_that_may_not_be_read_fails_alone() {
    if nix::unistd::getuid().is_root() {
        // Mode bits mean nothing to root; the inputs' own tests do this as another user.
        return;
    }
    let place = Place::new();
    let path = place.write("secret.png", PAGE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let report = place
        .crashpoint(&["run", "single", "--images", "secret.png"])
        .exits(10)
        .report();
    assert_eq!(
        report["findings"][0]["verdict"]["class"],
        "permission_denied"
    );
}
