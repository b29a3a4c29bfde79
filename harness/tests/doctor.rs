//! `crashpoint doctor` on the machine that the tests run on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use serde_json::Value;
use support::Place;

fn checks(text: &str) -> (Value, Vec<Value>) {
    let checkup: Value = serde_json::from_str(text).unwrap();
    let checks = checkup["checks"].as_array().unwrap().clone();
    (checkup, checks)
}

#[test]
fn it_leaves_nothing_behind_and_its_exit_code_is_what_it_says() {
    let place = Place::new();
    let ran = place.crashpoint(&["doctor", "--json"]);
    let (checkup, checks) = checks(&ran.stdout);
    assert_eq!(checkup["schema"], "crashpoint.checkup/1");
    assert!(checks.len() > 15, "{checkup:#}");
    let bad = checks.iter().any(|check| check["state"] == "bad");
    assert_eq!(checkup["fit"], !bad);
    assert_eq!(ran.code, Some(if bad { 3 } else { 0 }), "{}", ran.stderr);
    // What it measured is gone, and the place for records was not made.
    assert_eq!(std::fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn memory_is_no_place_for_a_record() {
    let place = Place::new();
    let ran = place.crashpoint(&["doctor", "--json", "--out", "/dev/shm/crashpoint-runs"]);
    let (_, checks) = checks(&ran.stdout);
    let filesystem = checks.iter().find(|it| it["name"] == "filesystem").unwrap();
    if !filesystem["seen"].as_str().unwrap().contains("tmpfs") {
        println!("skipped: /dev/shm is not in memory here");
        return;
    }
    assert_eq!(filesystem["state"], "bad");
    assert_eq!(ran.code, Some(3));
    let text = place
        .crashpoint(&["doctor", "--out", "/dev/shm/crashpoint-runs"])
        .exits(3)
        .stdout;
    assert!(
        text.contains("✗ filesystem: bad") && text.contains("crashpoint run --out"),
        "{text}"
    );
}

#[test]
fn a_file_where_a_folder_should_be_is_told() {
    let place = Place::new();
    place.write("runs", "a file");
    let text = place
        .crashpoint(&["doctor", "--out", "runs/a"])
        .exits(3)
        .stdout;
    assert!(text.contains("ot a directory"), "{text}");
}

/// A card that has all the troubles that a card can have and still answer.
const CARD: &str = r#"
[[gpu]]
uuid = "GPU-0"
pci = "00000000:01:00.0"
name = "NVIDIA Fake 24GB"
memory_total_mib = 24576
memory_used_mib = 300
power_limit_milliwatts = 366000
power_limit_enforced_milliwatts = 366000
power_limit_default_milliwatts = 350000
celsius = 91
celsius_slowdown = 95
celsius_max_operating = 93
utilization_percent = 90
pcie_generation = 1
pcie_generation_max = 4
pcie_width = 8
pcie_width_max = 16
ecc = true
ecc_corrected_volatile = 0
ecc_corrected_aggregate = 0
ecc_uncorrected_volatile = 0
ecc_uncorrected_aggregate = 0
persistence = false
fields = { "142" = 0, "143" = 1, "144" = 0, "145" = 1 }
"#;

fn with_cards(place: &Place, script: &str, arguments: &[&str]) -> support::Ran {
    let child = place
        .scripted(script, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    place.ran(child)
}

#[test]
fn a_card_is_judged_by_what_it_tells() {
    let place = Place::new();
    let ran = with_cards(&place, CARD, &["doctor", "--json", "--psu", "400"]).exits(3);
    let (_, checks) = checks(&ran.stdout);
    let check = |name: &str| checks.iter().find(|it| it["name"] == name).unwrap();
    for (name, state, part) in [
        ("GPU", "good", "NVIDIA Fake 24GB"),
        ("persistence", "doubtful", "GPU 0: off"),
        (
            "power limit",
            "doubtful",
            "366 W, above its default of 350 W",
        ),
        ("power supply", "bad", "of 400 W"),
        ("PCIe link", "doubtful", "x8 of x16, generation 1 of 4"),
        ("GPU memory errors", "bad", "could not be replaced"),
        ("GPU temperature", "doubtful", "91 °C, slower from 93 °C on"),
    ] {
        let found = check(name);
        assert_eq!(found["state"], state, "{found:#}");
        assert!(found["seen"].as_str().unwrap().contains(part), "{found:#}");
        assert_eq!(found["topic"], "gpu");
        let has_remedy = found["remedy"].as_array().is_some_and(|it| !it.is_empty());
        assert_eq!(has_remedy, state != "good", "{found:#}");
    }
    assert!(!checks.iter().any(|it| it["seen"] == ""));
}

#[test]
fn a_card_that_does_not_answer_holds_nothing_up() {
    let place = Place::new();
    let script =
        format!("{CARD}\n[[gpu.instead]]\ncall = \"nvmlDeviceGetPciInfo_v3\"\nanswer = \"hang\"\n");
    let ran = with_cards(&place, &script, &["doctor", "--json"]);
    let (_, checks) = checks(&ran.stdout);
    assert!(
        checks.iter().any(|it| it["name"] == "ulimits"),
        "{checks:?}"
    );
    assert!(
        checks.iter().any(|it| it["name"] == "PCIe link"),
        "{checks:?}"
    );
}

#[test]
fn without_a_gpu_it_says_what_it_could_not_see() {
    let place = Place::new();
    let script = "init = \"driver_not_loaded\"\n";
    let ran = with_cards(&place, script, &["doctor", "--json"]);
    let (_, checks) = checks(&ran.stdout);
    let gpu = checks.iter().find(|it| it["name"] == "GPU").unwrap();
    if gpu["state"] != "good" {
        println!("skipped: there is a GPU of NVIDIA's on the bus here");
        return;
    }
    assert!(
        gpu["seen"].as_str().unwrap().contains("were not looked at"),
        "{gpu:#}"
    );
    for name in [
        "driver versions",
        "CUDA runtime",
        "device nodes",
        "recent Xids",
    ] {
        assert!(checks.iter().any(|it| it["name"] == name), "{name}");
    }
    assert!(!checks.iter().any(|it| it["name"] == "persistence"));
}
