//! What a dying kernel left: a panic, if it belongs to this death.

use std::sync::LazyLock;

use regex::Regex;

use super::RunEnding;
use super::decide::{Answer, Question};
use super::found::Dump;
use crate::verdict::{Confidence, Evidence};
use crate::words::duration;

/// Between the clock of the records and that of a dump.
const TOLERANCE_US: u64 = 5_000_000;
/// After the next boot began: its time, and the store's, are in whole seconds.
const LATE_US: u64 = 2_000_000;
/// A record that stops so long before the panic still stopped because of what led to it: tasks hang
/// for two minutes before the kernel says so.
const LED_TO_IT_US: u64 = 15 * 60_000_000;
const PROMPT_US: u64 = 10_000_000;
/// Of a dump in the evidence.
const QUOTED: usize = 3;

static UPTIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:<\d+>)?\[\s*(\d+)\.(\d{6})\]").ok());

/// The time since boot that a line of the kernel carries.
fn uptime_us(line: &str) -> Option<u64> {
    let found = UPTIME.as_ref()?.captures(line)?;
    let seconds: u64 = found.get(1)?.as_str().parse().ok()?;
    let us: u64 = found.get(2)?.as_str().parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(us)
}

impl Dump {
    /// When it was written, by the clock that counts from the boot.
    fn uptime_us(&self) -> Option<u64> {
        self.lines.iter().rev().find_map(|line| uptime_us(line))
    }
}

/// Those that were written when this run died, and how sure that is: the store's time and the
/// dump's own clock have to agree with the record, as far as they are there.
pub fn of_this_death<'a>(question: &Question<'a>) -> Vec<(&'a Dump, Confidence)> {
    let dumps = question.found.dumps.iter();
    dumps
        .filter_map(|dump| Some((dump, fits(question, dump)?)))
        .collect()
}

fn fits(question: &Question<'_>, dump: &Dump) -> Option<Confidence> {
    let run = question.run;
    let by_wall = dump.wall_us.map(|at| {
        let from = run
            .last_wall_us
            .saturating_sub(TOLERANCE_US)
            .max(question.run_boot_wall_us());
        (from..=question.next_boot_wall_us().saturating_add(LATE_US)).contains(&at)
    });
    // The kernel's log has a clock of its own, which nobody keeps right.
    let drift_us = TOLERANCE_US + run.last_mono_us / 1000;
    let lasted_us = question
        .next_boot_wall_us()
        .saturating_sub(run.last_wall_us);
    let by_uptime = dump.uptime_us().map(|at| {
        let from = run.last_mono_us.saturating_sub(drift_us);
        let to = run.last_mono_us.saturating_add(lasted_us + drift_us);
        (from..=to).contains(&at)
    });
    match (by_wall, by_uptime) {
        // A boot in between that nobody counted may have left it.
        (Some(true), Some(true)) if question.next_boot_is_known() => Some(Confidence::Certain),
        (Some(true), Some(true)) => Some(Confidence::Likely),
        (Some(true), None) | (None, Some(true)) => Some(Confidence::Likely),
        _ => None,
    }
}

/// A panic on record.
#[derive(Debug, Clone)]
pub struct Panic {
    confidence: Confidence,
    /// Behind "not syncing:".
    reason: Option<String>,
    evidence: Vec<Evidence>,
}

pub fn panic(question: &Question<'_>) -> Option<Panic> {
    on_the_log(question).or_else(|| in_a_dump(question))
}

fn in_a_dump(question: &Question<'_>) -> Option<Panic> {
    let dumps = of_this_death(question);
    let of_a_panic = dumps
        .iter()
        .filter(|(dump, _)| dump.of_memory || dump.lines.iter().any(|line| is_panic(line)));
    let (dump, confidence) = of_a_panic.max_by_key(|(_, confidence)| *confidence)?;
    let panics = dump.lines.iter().filter(|line| is_panic(line));
    let source = if dump.path.contains("crash") {
        "kdump"
    } else {
        "pstore"
    };
    let mut evidence: Vec<Evidence> = panics
        .clone()
        .take(QUOTED)
        .map(|line| Evidence::new(source, format!("{}: {line}", dump.path)))
        .collect();
    if evidence.is_empty() {
        evidence.push(Evidence::new(
            source,
            format!("{}: a dump of the kernel's memory", dump.path),
        ));
    }
    let mut confidence = *confidence;
    if let Some(late_us) = question.record_stops_before(dump.uptime_us(), PROMPT_US) {
        confidence = confidence.min(if late_us > LED_TO_IT_US {
            Confidence::Possible
        } else {
            Confidence::Likely
        });
        evidence.push(stops_before(late_us));
    }
    Some(Panic {
        confidence,
        reason: panics.clone().find_map(|line| reason(line)),
        evidence,
    })
}

/// A panic's line seldom reaches the disk; if it is in the log of that very boot, it was one.
fn on_the_log(question: &Question<'_>) -> Option<Panic> {
    let line = question
        .run_boot_from(TOLERANCE_US)
        .find(|line| line.from == "kernel" && is_panic(&line.text))?;
    let mut evidence = vec![Evidence::new("previous_boot_log", line.to_string())];
    let mut confidence = Confidence::Certain;
    if let Some(late_us) = question.record_stops_before(line.mono_us, PROMPT_US) {
        confidence = Confidence::Likely;
        evidence.push(stops_before(late_us));
    }
    Some(Panic {
        confidence,
        reason: reason(&line.text),
        evidence,
    })
}

fn stops_before(us: u64) -> Evidence {
    Evidence::new(
        "journal",
        format!("the record stops {} before it", duration(us as f64 / 1e6)),
    )
}

impl Question<'_> {
    /// How long before this moment the record stopped, if it should have gone on until then.
    pub fn record_stops_before(&self, mono_us: Option<u64>, allowed_us: u64) -> Option<u64> {
        let late_us = mono_us?.checked_sub(self.run.last_mono_us)?;
        (self.run.is_sampled() && late_us > allowed_us).then_some(late_us)
    }
}

fn is_panic(line: &str) -> bool {
    line.contains("Kernel panic - not syncing")
}

fn reason(line: &str) -> Option<String> {
    let (_, reason) = line.split_once("not syncing")?;
    let reason = reason.trim_start_matches([':', ' ']).trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}

impl Panic {
    /// A panic because of a machine check is the hardware's.
    pub fn answer(self) -> Answer {
        const OF_HARDWARE: [&str; 4] = [
            "machine check",
            "hardware error",
            "NMI: IOCK",
            "Memory failure",
        ];
        let of_hardware = self.reason.as_ref().is_some_and(|reason| {
            let reason = reason.to_ascii_lowercase();
            OF_HARDWARE
                .iter()
                .any(|it| reason.contains(&it.to_ascii_lowercase()))
        });
        let ended_by = if of_hardware {
            RunEnding::HardwareError
        } else {
            RunEnding::KernelPanic
        };
        Answer::new(ended_by, self.confidence, self.evidence).by(self.reason)
    }
}
