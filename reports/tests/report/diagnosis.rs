//! Logs to verdicts: a table of small cases, every class and the look-alikes that fool people.

use std::collections::BTreeSet;

use crashpoint_reports::diagnose::case::{Evidence, How};
use crashpoint_reports::diagnose::{Scan, Source, verdict};
use crashpoint_reports::{Class, Confidence, Verdict};
use serde_json::Value;

struct Case {
    accepted: Vec<Class>,
    evidence: Evidence,
    line: usize,
}

fn class(name: &str) -> Class {
    serde_json::from_value(Value::from(name)).unwrap_or_else(|_| panic!("no class {name}"))
}

fn ending(text: &str) -> How {
    let mut how = How::default();
    match text.strip_prefix("exit ") {
        Some(code) => how.exit_code = Some(code.parse().unwrap()),
        None if text == "gone" => how.machine_gone = true,
        None if text == "hang" => how.hang_seconds = Some(600.0),
        None => how.signal = Some(text.to_owned()),
    }
    how
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (text, line) in include_str!("../diagnosis/cases.txt").lines().zip(1..) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(head) = text.strip_prefix("= ") {
            let (classes, how) = head
                .split_once(" @ ")
                .map_or((head, None), |it| (it.0, Some(it.1)));
            cases.push(Case {
                accepted: classes.split(" or ").map(class).collect(),
                evidence: Evidence {
                    ending: how.map(ending),
                    ..Evidence::default()
                },
                line,
            });
            continue;
        }
        let (source, said) = text.split_once("> ").unwrap_or((text, ""));
        let evidence = &mut cases.last_mut().unwrap().evidence;
        let lines = match source {
            "err" => &mut evidence.stderr,
            "out" => &mut evidence.stdout,
            "kern" => &mut evidence.kernel_log,
            "prev" => &mut evidence.previous_boot_log,
            "svc" => &mut evidence.service_log,
            "smi" | "smi>" => &mut evidence.nvidia_smi,
            "fact" => {
                let (name, value) = said.split_once(": ").unwrap();
                let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                evidence.facts.insert(name.to_owned(), value);
                continue;
            }
            other => panic!("line {line}: no source {other}"),
        };
        lines.push(said.to_owned());
    }
    cases
}

fn of(lines: &[(Source, &str)]) -> Verdict {
    let mut scan = Scan::new();
    for (&(source, text), number) in lines.iter().zip(1..) {
        scan.line(source, number, text);
    }
    verdict(&crashpoint_reports::diagnose::Bundle {
        sightings: scan.finish(),
        ..Default::default()
    })
}

#[test]
fn every_small_case_is_named_right() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = verdict(&case.evidence.bundle());
        if !case.accepted.contains(&found.class) {
            wrong.push(format!(
                "line {}: {:?}, not {}",
                case.line, case.accepted, found.class
            ));
        }
        assert!(!found.action.is_empty());
        assert!(!found.evidence.is_empty(), "line {}", case.line);
        let undecided = found.class == Class::Unknown;
        assert_eq!(
            undecided,
            found.confidence == Confidence::None,
            "line {}",
            case.line
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_class_has_a_case() {
    let named: BTreeSet<Class> = cases().into_iter().flat_map(|it| it.accepted).collect();
    let missing: Vec<Class> = Class::ALL
        .iter()
        .copied()
        .filter(|it| !named.contains(it))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn evidence_quotes_the_line_with_its_place() {
    let found = of(&[
        (Source::Stderr, "loading"),
        (
            Source::Stderr,
            "RuntimeError: CUDA error: misaligned address",
        ),
    ]);
    let quoted = &found.evidence[0];
    assert_eq!(quoted.source, "stderr:2");
    assert_eq!(quoted.text, "RuntimeError: CUDA error: misaligned address");
    assert!(found.evidence.iter().any(|it| it.source == "missing"));
}

#[test]
fn the_arithmetic_rules_its_rivals_out() {
    let found = of(&[(
        Source::Stderr,
        "CUDA out of memory. Tried to allocate 3.00 GiB (GPU 0; 24.00 GiB total capacity; 22.00 GiB already allocated; 1.00 GiB free; 22.50 GiB reserved in total by PyTorch)",
    )]);
    assert_eq!(found.class, Class::GpuOom);
    let out: Vec<Class> = found.ruled_out.iter().map(|it| it.class).collect();
    assert_eq!(out, [Class::GpuOomFragmentation, Class::GpuOomOtherProcess]);
}

#[test]
fn of_several_xids_the_first_in_time_decides() {
    let fell = "NVRM: Xid (PCI:0000:01:00): 79, pid=1, name=x, GPU has fallen off the bus.";
    let link = "NVRM: Xid (PCI:0000:02:00): 74, pid=1, name=x, NVLink: fatal error detected on link 1(0x1)";
    let plain = "NVRM: Xid (PCI:0000:01:00): 45, pid=1, name=x, Ch 00000008";
    let kernel = |lines: [&'static str; 3]| of(&lines.map(|line| (Source::KernelLog, line))).class;
    assert_eq!(kernel([fell, link, plain]), Class::GpuFellOffBus);
    assert_eq!(kernel([link, plain, fell]), Class::GpuNvlinkFault);
}

#[test]
fn a_parent_that_reports_a_dead_child_is_an_echo() {
    let found = of(&[
        (
            Source::Stderr,
            "(Worker pid=9) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.00 GiB.",
        ),
        (Source::Stderr, "Traceback (most recent call last):"),
        (
            Source::Stderr,
            "RuntimeError: Engine core initialization failed. See root cause above.",
        ),
    ]);
    assert_eq!(found.class, Class::GpuOom);
}

/// Nothing here died of what its words mention.
#[test]
fn ordinary_lines_name_nothing() {
    for line in [
        "INFO 01-02 03:04:05 [loggers.py:123] Engine 000: Avg prompt throughput: 9.4 tokens/s, GPU KV cache usage: 3.2%",
        "INFO:     10.0.0.1:50001 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK",
        "Loading checkpoint shards: 100%|##########| 10/10 [00:04<00:00,  2.16it/s]",
        "llama_model_loader: - type q4_K:  289 tensors",
        "UserWarning: The default value of the antialias parameter will change",
        "Using device: cuda",
        "page 3 of 40 done",
        "[1/40] image-03.png: 812 tokens in 4.1 s",
    ] {
        let found = of(&[(Source::Stderr, line)]);
        assert_eq!(found.class, Class::Unknown, "{line}: {found:?}");
    }
}

#[test]
fn whatever_comes_in_nothing_panics_and_memory_stays_bounded() {
    let mut scan = Scan::new();
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let pieces = [
        "NVRM: Xid (",
        "PCI:",
        "): 79",
        "Killed process ",
        "99999999999999999999",
        "oom-kill:",
        "CUDA out of memory. Tried to allocate ",
        " GiB",
        "\u{fffd}",
        "é",
        "Error: ",
        "((((",
        "[",
        "memory: ",
        "1e400",
        "nan",
        "error 700 cuda",
        "\0",
        "   ",
    ];
    for number in 0..20_000 {
        let mut line = String::new();
        for _ in 0..6 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            line += pieces[(state >> 33) as usize % pieces.len()];
        }
        if number % 1000 == 0 {
            line = line.repeat(2000);
        }
        let source = Source::ALL[number as usize % Source::ALL.len()];
        scan.line(source, number, &line);
    }
    let sightings = scan.finish();
    assert!(sightings.iter().all(|it| it.text.len() <= 2048));
    assert!(sightings.iter().count() < 60_000 / 4);
    let _ = verdict(&crashpoint_reports::diagnose::Bundle {
        sightings,
        ..Default::default()
    });
}
