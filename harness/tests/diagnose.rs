//! Verdicts from logs that exist already, by the real executable over small logs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;
use support::{Place, Ran};

const LOST: &str =
    "[  812.000100] NVRM: GPU at PCI:0000:41:00: GPU-11111111-2222-3333-4444-555555555555
[  812.000200] NVRM: Xid (PCI:0000:41:00): 79, pid=4321, name=python3, GPU has fallen off the bus.
";
const KILLED: &str = "[  100.000001] python3 invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
[  100.000002] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=job,mems_allowed=0,oom_memcg=/job,task_memcg=/job,task=python3,pid=77,uid=0
[  100.000003] Memory cgroup out of memory: Killed process 77 (python3) total-vm:9000000kB, anon-rss:8000000kB, file-rss:0kB, shmem-rss:0kB
";
const FULL: &str = "loading weights
Traceback (most recent call last):
  File \"/srv/vision/serve.py\", line 12, in <module>
    model.to(\"cuda\")
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.68 GiB of which 1.02 GiB is free. Including non-PyTorch memory, this process has 22.60 GiB memory in use. Of the allocated memory 22.10 GiB is allocated by PyTorch, and 120.00 MiB is reserved by PyTorch but unallocated.
";

fn diagnosed(ran: &Ran) -> Value {
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["schema"], "crashpoint.diagnosis/1");
    found
}

#[test]
fn one_pasted_log_is_told_apart_and_its_lines_are_quoted_with_their_numbers() {
    let place = Place::new();
    place.write("all.log", format!("started\n{LOST}worker died\n"));
    let ran = place.crashpoint(&["diagnose", "all.log"]).exits(10);
    assert!(
        ran.stdout.contains("gpu_fell_off_bus (certain)"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("all.log:3:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("crashpoint explain gpu_fell_off_bus"));
    let json = diagnosed(
        &place
            .crashpoint(&["diagnose", "--json", "all.log"])
            .exits(10),
    );
    assert_eq!(json["class"], "gpu_fell_off_bus");
    assert_eq!(json["evidence"][0]["source"], "kernel_log");
    assert_eq!(json["evidence"][0]["line"], 3);
    assert_eq!(json["read"][0]["lines"], 4);
}

#[test]
fn the_same_comes_from_standard_input_and_from_a_packed_file() {
    let place = Place::new();
    let mut child = place
        .command(&["diagnose", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(LOST.as_bytes())
        .unwrap();
    let piped = diagnosed(&place.ran(child).exits(10));
    assert_eq!(piped["class"], "gpu_fell_off_bus");
    assert_eq!(piped["evidence"][0]["file"], "standard input");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(LOST.as_bytes()).unwrap();
    place.write("kern.log.gz", packed.finish().unwrap());
    let json = diagnosed(
        &place
            .crashpoint(&["diagnose", "--json", "--kernel-log", "kern.log.gz"])
            .exits(10),
    );
    assert_eq!(json["class"], "gpu_fell_off_bus");
}

#[test]
fn each_source_by_its_own_option_and_the_files_are_kept_apart() {
    let place = Place::new();
    place.write("err.log", "loading\nKilled\n");
    place.write("kern.log", KILLED);
    let json = diagnosed(
        &place
            .crashpoint(&[
                "diagnose",
                "--json",
                "--stderr",
                "err.log",
                "--kernel-log",
                "kern.log",
                "--exit-code",
                "137",
            ])
            .exits(10),
    );
    assert_eq!(json["class"], "host_oom_cgroup", "{json:#}");
    let quoted = json["evidence"].as_array().unwrap();
    let line = quoted.iter().find(|it| it["file"] == "kern.log").unwrap();
    assert!(line["line"].as_u64().unwrap() <= 3, "{line}");
}

#[test]
fn exit_code_137_alone_is_a_death_without_a_name() {
    let place = Place::new();
    let ran = place
        .crashpoint(&["diagnose", "--exit-code", "137"])
        .exits(10);
    assert!(ran.stdout.contains("missing"), "{}", ran.stdout);
    assert!(ran.stdout.contains("journalctl -k"), "{}", ran.stdout);
    let json = diagnosed(
        &place
            .crashpoint(&["diagnose", "--json", "--exit-code", "137"])
            .exits(10),
    );
    assert_ne!(json["confidence"], "certain");
    assert_ne!(json["class"], "host_oom_kernel");
}

#[test]
fn a_log_in_which_nothing_died_names_nothing() {
    let place = Place::new();
    place.write("fine.log", "listening on 8000\nGET /health 200\n");
    let ran = place.crashpoint(&["diagnose", "fine.log"]).exits(0);
    assert!(
        ran.stdout.contains("nothing in it names a death"),
        "{}",
        ran.stdout
    );
    let json = diagnosed(
        &place
            .crashpoint(&["diagnose", "--json", "fine.log", "--exit-code", "0"])
            .exits(0),
    );
    assert_eq!(json["class"], "unknown");
}

#[test]
fn what_container_runtimes_put_around_a_line_does_not_hide_it() {
    let place = Place::new();
    let plain = diagnosed(&{
        place.write("plain.log", FULL);
        place
            .crashpoint(&["diagnose", "--json", "plain.log"])
            .exits(10)
    });
    assert_eq!(plain["class"], "gpu_oom", "{plain:#}");
    let wrapped = |each: &dyn Fn(&str) -> String| -> String { FULL.lines().map(each).collect() };
    for (name, log) in [
        (
            "compose",
            wrapped(&|line| format!("vision-1  | {line}\r\n")),
        ),
        (
            "stamped",
            wrapped(&|line| format!("2026-11-24T12:00:00.000000001Z {line}\n")),
        ),
        (
            "runtime",
            wrapped(&|line| format!("2026-11-24T12:00:00.000000001Z stderr F {line}\n")),
        ),
        (
            "coloured",
            wrapped(&|line| format!("\x1b[31m{line}\x1b[0m\n")),
        ),
        (
            "journal",
            wrapped(&|line| format!("Nov 24 12:00:00 node python3[9]: {line}\n")),
        ),
        (
            "docker",
            wrapped(&|line| {
                serde_json::json!({ "log": format!("{line}\n"), "stream": "stderr" }).to_string()
                    + "\n"
            }),
        ),
    ] {
        place.write(name, log);
        let json = diagnosed(&place.crashpoint(&["diagnose", "--json", name]).exits(10));
        assert_eq!(json["class"], plain["class"], "{name}: {json:#}");
        assert_eq!(json["confidence"], plain["confidence"], "{name}: {json:#}");
    }
}

#[test]
fn a_case_in_one_file_comes_to_the_same() {
    let place = Place::new();
    let lines: Vec<&str> = LOST.lines().collect();
    place.write(
        "case.json",
        serde_json::json!({ "id": "own", "evidence": { "kernel_log": lines } }).to_string(),
    );
    let json = diagnosed(
        &place
            .crashpoint(&["diagnose", "--json", "--case", "case.json"])
            .exits(10),
    );
    assert_eq!(json["class"], "gpu_fell_off_bus");
    assert_eq!(json["evidence"][0]["line"], 2);
}

#[test]
fn bytes_of_any_kind_are_read() {
    let place = Place::new();
    let mut bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    bytes.extend(vec![b'{'; 3 << 20]);
    bytes.extend_from_slice(format!("\n{LOST}").as_bytes());
    place.write("any.bin", bytes);
    let ran = place.crashpoint(&["diagnose", "any.bin"]).exits(10);
    assert!(ran.stdout.contains("gpu_fell_off_bus"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_used_is_told() {
    let place = Place::new();
    place
        .crashpoint(&["diagnose"])
        .exits(2)
        .says("nothing to diagnose");
    place
        .crashpoint(&["diagnose", "no-such.log"])
        .exits(2)
        .says("no-such.log");
    place
        .crashpoint(&["diagnose", "--signal", "SIGWHAT"])
        .exits(2)
        .says("SIGWHAT");
    place.crashpoint(&["diagnose", "--hang", "-1"]).exits(2);
    place
        .crashpoint(&["diagnose", "--fact", "none"])
        .exits(2)
        .says("NAME=VALUE");
    place
        .crashpoint(&["diagnose", "--exit-code", "1", "--machine-gone"])
        .exits(2)
        .says("--machine-gone");
    place
        .crashpoint(&["diagnose", "-", "--stderr", "-"])
        .exits(2)
        .says("standard input");
    place.write("case.json", "{\"id\": \"x\"}");
    place
        .crashpoint(&["diagnose", "--case", "case.json"])
        .exits(2)
        .says("evidence");
    place.write("cases.jsonl", "{\"evidence\": {}}\n{\"evidence\": {}}\n");
    place
        .crashpoint(&["diagnose", "--case", "cases.jsonl"])
        .exits(2)
        .says("several");
}
