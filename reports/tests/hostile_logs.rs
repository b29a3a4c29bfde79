//! Whatever a log holds, it is read without a panic and what is kept of it stays within bounds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod dice;

use crashpoint_reports::diagnose::shape::Splitter;
use crashpoint_reports::diagnose::{Bundle, Scan, Source, case};
use crashpoint_reports::diagnosis::Diagnosis;
use crashpoint_reports::ending::{Ending, EndingKind};
use crashpoint_reports::{Class, explain, knowledge, render};
use dice::Dice;

const LOGS: u64 = 400;
const LINES: usize = 40;
/// Of one line of evidence, in bytes: the scan cuts what is longer.
const QUOTED: usize = 8 << 10;

/// What loggers and terminals put around text, whole and broken.
const AROUND: [&str; 16] = [
    "[  812.000100] ",
    "<4>[",
    "Nov 24 12:00:00 node kernel: ",
    "Nov 24 12:00:00 node systemd[1]: ",
    "2026-11-24T12:00:00.1Z stderr F ",
    "vision-1  | ",
    "[pod/a/b] ",
    "{\"log\":\"",
    "{\"MESSAGE\":[27,91,255,65],\"_TRANSPORT\":\"kernel\"}",
    "\\n\",\"stream\":\"stdout\"}",
    "\x1b[31m",
    "\x1b]8;;",
    "\r",
    "\0",
    "(Worker rank=1 pid=7) ",
    "| 99999999999999999999 |",
];
/// Values at the edges of what a parser may expect.
const NUMBERS: [&str; 8] = [
    "0",
    "-1",
    "18446744073709551616",
    "1e400",
    "nan",
    "9223372036854775807.99",
    "٣",
    "0x",
];

/// The lines that the rules know, to be bent.
fn known() -> Vec<&'static str> {
    let examples = knowledge::messages().iter().flat_map(|it| &it.examples);
    examples.map(String::as_str).collect()
}

fn line(dice: &mut Dice, known: &[&str]) -> Vec<u8> {
    let mut bytes = match dice.below(8) {
        0 => (0..dice.below(200))
            .map(|_| dice.below(256) as u8)
            .collect(),
        _ => dice.pick(known).as_bytes().to_vec(),
    };
    for _ in 0..dice.below(5) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, dice.pick(&AROUND).bytes())),
            2 => drop(bytes.splice(0..0, dice.pick(&AROUND).bytes())),
            3 => drop(bytes.splice(at..at, dice.pick(known).bytes())),
            4 => drop(bytes.splice(at..at, dice.pick(&NUMBERS).bytes())),
            5 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = dice.below(256) as u8;
                }
            }
            6 => {
                // Every number becomes another.
                let number = dice.pick(&NUMBERS);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut bent = String::new();
                for part in text.split_inclusive(|it: char| it.is_ascii_digit()) {
                    bent += part.trim_end_matches(|it: char| it.is_ascii_digit());
                    if part.ends_with(|it: char| it.is_ascii_digit()) {
                        bent += number;
                    }
                }
                bytes = bent.into_bytes();
            }
            _ => {
                let part = bytes.clone();
                for _ in 0..dice.below(40) {
                    bytes.extend_from_slice(&part[..part.len().min(2000)]);
                }
            }
        }
    }
    bytes
}

fn ending(dice: &mut Dice) -> Option<Ending> {
    match dice.below(6) {
        0 => Some(Ending {
            code: Some(dice.below(300) as i32 - 20),
            ..Ending::of(EndingKind::Exit)
        }),
        1 => Some(Ending {
            signal: Some(dice.below(70) as i32 - 2),
            ..Ending::of(EndingKind::Signal)
        }),
        2 => Some(Ending::of(EndingKind::MachineGone)),
        3 => Some(Ending::of(EndingKind::Timeout)),
        _ => None,
    }
}

fn one_log(seed: u64, known: &[&str]) {
    let mut dice = Dice::new(seed);
    let mut scan = Scan::new();
    let mut splitter = match dice.below(3) {
        0 => Splitter::of(Source::ALL[dice.below(Source::ALL.len())]),
        _ => Splitter::new(),
    };
    for number in 1..=1 + dice.below(LINES) as u64 {
        let bytes = line(&mut dice, known);
        let text = String::from_utf8_lossy(&bytes);
        let mut handed_on = 0;
        splitter.line(&text, |it| {
            handed_on += it.text.len();
            scan.line(it.source, number, &it.text);
        });
        // An envelope's own text can name the service once more, and bytes become three each.
        assert!(handed_on <= 3 * text.len() + 200, "it grew: {text:?}");
    }
    let bundle = Bundle {
        ending: ending(&mut dice),
        hang_seconds: (dice.below(10) == 0).then_some(f64::MAX),
        sightings: scan.finish(),
        ..Bundle::default()
    };
    let found = Diagnosis::of(&bundle, Vec::new());
    assert!(found.evidence.len() < 200);
    assert!(found.evidence.iter().all(|it| it.text.len() <= QUOTED));
    for columns in [0, 80, 1000] {
        let shown = render::diagnosis(&found, columns, false);
        let harmless = |it: char| it == '\n' || !it.is_control();
        assert!(shown.chars().all(harmless), "{shown:?}");
    }
    assert!(render::diagnosis_json(&found).starts_with('{'));
}

#[test]
fn no_log_is_too_strange() {
    let known = known();
    assert!(known.len() > 50, "there is something to bend");
    dice::throw(LOGS, |seed| one_log(seed, &known));
}

/// Memory does not grow with the log: of a message that comes without end, a few are kept.
#[test]
fn a_message_without_end_is_kept_a_few_times() {
    let mut scan = Scan::new();
    let long = "x".repeat(100_000);
    for number in 1..=2_000 {
        let text =
            format!("RuntimeError: CUDA error: an illegal memory access was encountered {long}");
        scan.line(Source::Stderr, number, &text);
    }
    let seen = scan.finish();
    let kept: usize = seen.iter().map(|it| it.text.len()).sum();
    assert!(kept < 1 << 20, "{kept} bytes");
    let first = seen.iter().map(|it| it.line).min();
    assert_eq!(first, Some(1));
}

#[test]
fn no_name_is_too_strange_to_be_asked_for() {
    let mut dice = Dice::new(7);
    let names: Vec<String> = Class::ALL.iter().map(Class::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for _ in 0..5_000 {
        let mut text: Vec<u8> = dice.pick(&names).bytes().collect();
        for _ in 0..dice.below(4) {
            let at = dice.below(text.len() + 1);
            match dice.below(3) {
                0 => text.truncate(at),
                1 => text.insert(at, dice.below(256) as u8),
                _ => drop(text.splice(at..at, dice.pick(&NUMBERS).bytes())),
            }
        }
        match explain::named(&String::from_utf8_lossy(&text)) {
            Ok(found) => assert!(!found.is_empty()),
            Err(unknown) => assert!(unknown.to_string().len() < 600),
        }
    }
}

#[test]
fn a_case_of_any_shape_is_refused_or_judged() {
    let mut dice = Dice::new(11);
    let whole = r#"{"id":"own","evidence":{"ending":{"exit_code":134},"stderr":["CUDA out of memory"],"kernel_log":["[  1.000001] NVRM: Xid (PCI:0000:01:00): 79, x"],"facts":{"gpu_count":1}}}"#;
    for _ in 0..2_000 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..dice.below(4) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => drop(bytes.splice(at..at, dice.pick(&NUMBERS).bytes())),
                1 => drop(bytes.remove(at)),
                _ => bytes[at] = dice.below(128) as u8,
            }
        }
        if let Ok(case) = serde_json::from_slice::<case::Case>(&bytes) {
            Diagnosis::of(&case.evidence.bundle(), Vec::new());
        }
    }
}
