//! What hardware, firmware and watchdogs say of a reset.
//!
//! The marks that they leave are read after it, and stay there over further restarts, some for ever:
//! they count only where the run's boot was the one before.

use std::sync::LazyLock;

use regex::Regex;

use super::RunEnding;
use super::decide::{Answer, Question, RECORD_STOPS_US};
use super::found::LogLine;
use crate::diagnose::{Scan, Source};
use crate::knowledge::Role;
use crate::verdict::{Class, Confidence, Evidence};

/// What a kernel found on booting it says within this time.
const EARLY_US: u64 = 120_000_000;
/// What led to a reset was logged shortly before it.
const SHORTLY_US: u64 = 10_000_000;
/// Before a shutdown by heat or an empty battery.
const BEFORE_SHUTDOWN_US: u64 = 60_000_000;
/// Firmware clocks differ.
const FIRMWARE_CLOCK_US: u64 = 120_000_000;
const QUOTED: usize = 4;

/// Bits of a machine check's status (Intel SDM 3B, 15.3.2.2): uncorrected, context corrupt.
const UNCORRECTED: u64 = 1 << 61;
const CONTEXT_CORRUPT: u64 = 1 << 57;
/// `WDIOF_*` (include/uapi/linux/watchdog.h).
const WDIOF_OVERHEAT: u32 = 0x01;
const WDIOF_POWERUNDER: u32 = 0x10;
const WDIOF_CARDRESET: u32 = 0x20;

static BANK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)machine check.*: [0-9a-f]+ Bank \d+: ([0-9a-f]{16})").ok());

/// The system shut itself down because of heat, or of a supply that gave out: its own log says so.
pub fn shut_down(question: &Question<'_>) -> Option<Answer> {
    const WRITERS: [&str; 9] = [
        "kernel",
        "thermald",
        "upsmon",
        "upsd",
        "nut-monitor",
        "apcupsd",
        "ipmievd",
        "systemd-logind",
        "upower",
    ];
    let lines: Vec<&LogLine> = question
        .run_boot_from(BEFORE_SHUTDOWN_US)
        .filter(|line| WRITERS.contains(&line.from.as_str()))
        .collect();
    of_class(&lines, Class::ThermalShutdown)
        .map(|(line, sure)| (RunEnding::Overheated, line, sure))
        .or_else(|| {
            of_class(&lines, Class::MachinePower)
                .map(|(line, sure)| (RunEnding::PowerFailure, line, sure))
        })
        .map(|(ending, line, sure)| {
            let evidence = vec![Evidence::new("previous_boot_log", line.to_string())];
            Answer::new(ending, sure, evidence)
        })
}

/// The first line that the knowledge takes for a cause of this class.
fn of_class<'a>(lines: &[&'a LogLine], class: Class) -> Option<(&'a LogLine, Confidence)> {
    lines.iter().find_map(|line| {
        let mut scan = Scan::new();
        scan.line(Source::PreviousBootLog, 1, &line.text);
        let seen = scan.finish();
        let of_it = seen
            .iter()
            .map(|it| it.message)
            .filter(|it| it.class == Some(class) && it.role == Role::Cause);
        let sure = of_it.map(|it| it.confidence).max()?;
        Some((*line, sure))
    })
}

pub fn left_behind(question: &Question<'_>) -> Option<Answer> {
    let last_words = last_words(question);
    let about = question.is_about_the_run();
    let marks = about.filter(|_| !question.this.by_kexec).and_then(|about| {
        machine_checks(question, about)
            .or_else(|| boot_error_record(question, about))
            .or_else(|| reset_reason(question, about))
            .or_else(|| watchdog(question, about))
    });
    let mut answer = last_words.or(marks).or_else(|| platform_events(question))?;
    // A log that went on for long after the record says that something else came first.
    let last = question.run_boot().filter_map(|line| line.mono_us).max();
    if question
        .record_stops_before(last, RECORD_STOPS_US)
        .is_some()
    {
        answer.confidence = answer.confidence.min(Confidence::Possible);
        answer.evidence.push(Evidence::new(
            "journal",
            "the record stops long before the log of that boot does",
        ));
    }
    Some(answer)
}

/// A fatal error that the kernel could still write down.
fn last_words(question: &Question<'_>) -> Option<Answer> {
    let fatal = question.run_boot_from(SHORTLY_US).find(|line| {
        let text = line.text.to_ascii_lowercase();
        let of_hardware = [
            "hardware error",
            "machine check",
            "aer:",
            "edac",
            "pcie bus error",
        ];
        let uncorrected = text.contains("uncorrected") && !text.contains("non-fatal");
        let fatal = text.contains("fatal") && !text.contains("non-fatal");
        line.from == "kernel"
            && of_hardware.iter().any(|it| text.contains(it))
            && (fatal || uncorrected)
    })?;
    Some(Answer::new(
        RunEnding::HardwareError,
        Confidence::Likely,
        vec![Evidence::new("previous_boot_log", fatal.to_string())],
    ))
}

fn early<'a>(question: &Question<'a>) -> impl Iterator<Item = &'a LogLine> {
    let lines = question.found.this_boot.iter();
    lines.filter(|line| line.mono_us.is_none_or(|at| at <= EARLY_US))
}

/// Banks that still hold an uncorrected error when the next kernel looks into them.
fn machine_checks(question: &Question<'_>, about: Confidence) -> Option<Answer> {
    let fatal: Vec<Evidence> = early(question)
        .filter(|line| {
            let status = BANK.as_ref().and_then(|it| it.captures(&line.text));
            let status =
                status.and_then(|found| u64::from_str_radix(found.get(1)?.as_str(), 16).ok());
            status.is_some_and(|it| it & UNCORRECTED != 0 && it & CONTEXT_CORRUPT != 0)
        })
        .map(|line| Evidence::new("kernel_log", line.to_string()))
        .take(QUOTED)
        .collect();
    (!fatal.is_empty()).then(|| Answer::new(RunEnding::HardwareError, about, fatal))
}

/// ACPI's boot error record. Some firmware has one on every boot, whatever happened before it.
fn boot_error_record(question: &Question<'_>, about: Confidence) -> Option<Answer> {
    const RECORDS: &str = "BERT: Error records from previous boot";
    let is_record = |line: &LogLine| line.text.contains(RECORDS);
    let mut lines = early(question).skip_while(|line| !is_record(line));
    let record = lines.next()?;
    let of_record = lines.take_while(|line| line.text.contains("[Hardware Error]"));
    let of_record: Vec<&LogLine> = of_record.collect();
    let is_fatal = |line: &&&LogLine| line.text.contains("event severity: fatal");
    let fatal = of_record.iter().find(is_fatal)?;
    if question.run_boot().any(is_record) {
        return None;
    }
    // Whether it is routine is known only from an earlier boot's log.
    let known = question
        .run_boot()
        .any(|line| line.from == "kernel" && line.mono_us.is_some_and(|at| at <= EARLY_US));
    let sure = if known { about } else { Confidence::Possible };
    let evidence =
        [record, fatal]
            .into_iter()
            .chain(of_record.iter().copied().filter(|line| {
                line.text.contains("section_type") || line.text.contains("error_type")
            }))
            .take(QUOTED)
            .map(|line| Evidence::new("kernel_log", line.to_string()))
            .collect();
    Some(Answer::new(RunEnding::HardwareError, sure, evidence))
}

fn reset_reason(question: &Question<'_>, about: Confidence) -> Option<Answer> {
    let printed = early(question)
        .filter(|line| line.text.contains("Previous system reset reason"))
        .map(|line| {
            (
                line.text.as_str(),
                Evidence::new("kernel_log", line.to_string()),
            )
        });
    let told = question.found.reset_reasons.iter().map(|reason| {
        let text = format!("{}: {}", reason.path, reason.text);
        (reason.text.as_str(), Evidence::new("reset_reason", text))
    });
    printed.chain(told).find_map(|(text, evidence)| {
        let ending = ending_of(text)?;
        Some(Answer::new(ending, about, vec![evidence]))
    })
}

/// In the words of the kernel's tables: arch/x86/kernel/cpu/amd.c, include/linux/power/power_on_reason.h,
/// and the names of a switch's reset files. A reset by software says nothing about what came before it.
fn ending_of(reason: &str) -> Option<RunEnding> {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|it| reason.contains(it));
    if says(&["failed boot timer"]) {
        None
    } else if says(&["watchdog", "reset_wd"]) {
        Some(RunEnding::Watchdog)
    } else if says(&["thermal", "thermtrip"]) {
        Some(RunEnding::Overheated)
    } else if says(&["uncorrected error", "parity error", "sync flood"]) {
        Some(RunEnding::HardwareError)
    } else if says(&[
        "brown-out",
        "pwr_fail",
        "power failure",
        "aux_pwr",
        "voltmon",
    ]) {
        Some(RunEnding::PowerFailure)
    } else {
        None
    }
}

fn watchdog(question: &Question<'_>, about: Confidence) -> Option<Answer> {
    let of_status = question.found.watchdogs.iter().find_map(|dog| {
        let ending = match dog.boot_status {
            bits if bits & WDIOF_CARDRESET != 0 => RunEnding::Watchdog,
            bits if bits & WDIOF_OVERHEAT != 0 => RunEnding::Overheated,
            bits if bits & WDIOF_POWERUNDER != 0 => RunEnding::PowerFailure,
            _ => return None,
        };
        let text = format!(
            "{} ({}): bootstatus {:#x}",
            dog.name, dog.identity, dog.boot_status
        );
        Some((ending, Evidence::new("watchdog", text)))
    });
    let of_log = || {
        let lines: Vec<&LogLine> = early(question).collect();
        let (line, _) = of_class(&lines, Class::MachineResetWatchdog)?;
        Some((
            RunEnding::Watchdog,
            Evidence::new("kernel_log", line.to_string()),
        ))
    };
    let (ending, evidence) = of_status.or_else(of_log)?;
    Some(Answer::new(ending, about, vec![evidence]))
}

/// The firmware's event log has times of its own.
fn platform_events(question: &Question<'_>) -> Option<Answer> {
    let from_us = question.run.last_wall_us.saturating_sub(FIRMWARE_CLOCK_US);
    let to_us = question
        .next_boot_wall_us()
        .saturating_add(FIRMWARE_CLOCK_US);
    let events: Vec<LogLine> = question
        .found
        .platform_events
        .iter()
        .filter(|it| it.wall_us.is_some_and(|at| (from_us..=to_us).contains(&at)))
        .map(|it| LogLine {
            text: it.text.clone(),
            ..LogLine::default()
        })
        .collect();
    let lines: Vec<&LogLine> = events.iter().collect();
    [
        (Class::MachinePower, RunEnding::PowerFailure),
        (Class::ThermalShutdown, RunEnding::Overheated),
        (Class::MachineResetHardwareError, RunEnding::HardwareError),
        (Class::MachineResetWatchdog, RunEnding::Watchdog),
    ]
    .into_iter()
    .find_map(|(class, ending)| {
        let (line, _) = of_class(&lines, class)?;
        let evidence = vec![Evidence::new("platform_log", line.to_string())];
        Some(Answer::new(ending, Confidence::Likely, evidence))
    })
}
