//! From all that was said to what ended the run: the strongest evidence first.
//!
//! What proves an ending has to belong to *this* ending: a dump by its time, a record by its place
//! between two boots, the marks that a reset leaves by there having been no other restart since.

use super::dump::{self, Panic};
use super::found::{Found, LogLine, ThisBoot, WtmpKind};
use super::{Recovery, RunEnding, RunState, TimeOfDeath, hardware, killed, orderly, reset};
use crate::diagnose::{Scan, Source};
use crate::verdict::{Class, Confidence, Evidence};

/// A supervisor with probes writes every second or so; a record that stops so long before the machine
/// did stopped for a reason of its own.
pub const RECORD_STOPS_US: u64 = 60_000_000;
/// A machine that was up again so soon had no time for another restart in between.
const NO_TIME_FOR_ANOTHER_US: u64 = 15_000_000;
/// Of the log of the boot that ended, before the last record, for the diagnosis.
const LAST_MINUTE_US: u64 = 60_000_000;
const LAST_LINES: usize = 100;
const DUMP_LINES: usize = 60;

#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub run: &'a RunState,
    pub boot_id: &'a str,
    pub this: &'a ThisBoot,
    pub found: &'a Found,
    /// How sure it is that the supervisor is gone, and by what.
    pub gone: (Confidence, &'a Evidence),
}

/// What one kind of evidence says.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub ended_by: RunEnding,
    pub confidence: Confidence,
    pub class: Class,
    pub by: Option<String>,
    pub evidence: Vec<Evidence>,
}

impl Answer {
    pub fn new(ended_by: RunEnding, confidence: Confidence, evidence: Vec<Evidence>) -> Answer {
        Answer {
            ended_by,
            confidence,
            class: ended_by.class(),
            by: None,
            evidence,
        }
    }

    pub fn by(self, by: Option<String>) -> Answer {
        Answer { by, ..self }
    }
}

pub fn decide(question: &Question<'_>) -> Recovery {
    let answer = answer(question);
    let (run, this) = (question.run, question.this);
    Recovery {
        ended_by: answer.ended_by,
        confidence: answer.confidence,
        class: answer.class,
        by: answer.by,
        evidence: answer.evidence,
        last_lines: if answer.ended_by.is_of_machine() {
            question.last_lines()
        } else {
            Vec::new()
        },
        death: question.time_of_death(),
        slept_seconds: question.slept_us().map(|us| us as f64 / 1e6),
        boot_id: question.boot_id.to_owned(),
        found_in_boot_id: this.boot_id.clone(),
        restarts: if question.is_same_boot() {
            Some(0)
        } else {
            question.restarts()
        },
        sources: question.found.sources.clone(),
    }
    .with_clock_note(run)
}

fn answer(question: &Question<'_>) -> Answer {
    if question.is_same_boot() {
        return reset::snapshot(question).unwrap_or_else(|| killed::in_this_boot(question));
    }
    let panic = dump::panic(question);
    let decided = killed::on_record(question)
        .or_else(|| panic.map(Panic::answer))
        .or_else(|| hardware::shut_down(question))
        .or_else(|| orderly::shutdown(question))
        .or_else(|| hardware::left_behind(question))
        .or_else(|| reset::kexec(question))
        .or_else(|| killed::before_the_machine(question))
        .unwrap_or_else(|| reset::unexplained(question));
    Answer {
        evidence: std::iter::once(question.boot_ids())
            .chain(decided.evidence)
            .collect(),
        ..decided
    }
}

impl Question<'_> {
    pub fn is_same_boot(&self) -> bool {
        self.boot_id == self.this.boot_id
    }

    fn boot_ids(&self) -> Evidence {
        Evidence::new(
            "boot_id",
            format!(
                "the machine has restarted: the run was in boot {}, this is {}",
                self.boot_id, self.this.boot_id
            ),
        )
    }

    /// When the boot after the run's began, as far as that is known.
    pub fn next_boot_wall_us(&self) -> u64 {
        let this = self.this.boot_time_s.saturating_mul(1_000_000);
        self.boots_after().first().copied().unwrap_or(this)
    }

    /// Boot records after the run's last record, oldest first.
    fn boots_after(&self) -> Vec<u64> {
        let records = self.found.wtmp.iter().flatten();
        records
            .filter(|it| it.kind == WtmpKind::Boot && it.wall_us > self.run.last_wall_us)
            .map(|it| it.wall_us)
            .collect()
    }

    /// How often the machine has restarted since; `None` where nothing counts it.
    pub fn restarts(&self) -> Option<u32> {
        let counted = self.boots_after().len();
        let by_wtmp = u32::try_from(counted).ok().filter(|&n| n > 0);
        if let Some(known) = self.found.boots_since.filter(|&n| n > 0).or(by_wtmp) {
            return Some(known);
        }
        let gap_us = self
            .this
            .boot_time_s
            .saturating_mul(1_000_000)
            .checked_sub(self.run.last_wall_us)?;
        (gap_us <= NO_TIME_FOR_ANOTHER_US).then_some(1)
    }

    /// When the run's own boot began: what is older belongs to another one.
    pub fn run_boot_wall_us(&self) -> u64 {
        let header = self.run.header.as_ref();
        header.map_or(0, |header| header.boot_time_s.saturating_mul(1_000_000))
    }

    /// Whether it is known when the run's boot gave way to the next.
    pub fn next_boot_is_known(&self) -> bool {
        !self.boots_after().is_empty() || self.restarts() == Some(1)
    }

    /// What this boot found is about the run's boot: `Likely` if it is the next one, `Possible` where
    /// nobody knows, `None` if there was another in between.
    pub fn is_about_the_run(&self) -> Option<Confidence> {
        match self.restarts() {
            Some(1) => Some(Confidence::Likely),
            None => Some(Confidence::Possible),
            Some(_) => None,
        }
    }

    fn time_of_death(&self) -> TimeOfDeath {
        let (run, this) = (self.run, self.this);
        let (next_boot_wall_us, gap_us) = if self.is_same_boot() {
            (this.wall_us, this.mono_us.saturating_sub(run.last_mono_us))
        } else {
            let next = self.next_boot_wall_us();
            (next, next.saturating_sub(run.last_wall_us))
        };
        TimeOfDeath {
            last_record_wall_us: run.last_wall_us,
            last_record_mono_us: run.last_mono_us,
            last_record_seq: run.last_seq,
            next_boot_wall_us,
            gap_seconds: gap_us as f64 / 1e6,
        }
    }

    /// Between the beginning of the process that wrote and its end, or now.
    fn slept_us(&self) -> Option<u64> {
        const NOTICEABLE_US: u64 = 1_000_000;
        let asleep_us = if self.is_same_boot() {
            self.this.boottime_us.checked_sub(self.this.mono_us)?
        } else {
            self.run.asleep_us
        };
        let slept_us = asleep_us.checked_sub(self.run.asleep_before_us)?;
        Some(slept_us).filter(|&us| us >= NOTICEABLE_US)
    }

    pub fn run_boot(&self) -> impl Iterator<Item = &LogLine> {
        self.found.run_boot.iter().flatten()
    }

    /// Lines of the run's boot from shortly before its last record on.
    pub fn run_boot_from(&self, before_us: u64) -> impl Iterator<Item = &LogLine> {
        let from_us = self.run.last_mono_us.saturating_sub(before_us);
        self.run_boot()
            .filter(move |line| line.mono_us.is_some_and(|at| at >= from_us))
    }

    fn last_lines(&self) -> Vec<String> {
        let dumps = dump::of_this_death(self).into_iter().flat_map(|(dump, _)| {
            let skip = dump.lines.len().saturating_sub(DUMP_LINES);
            dump.lines.iter().skip(skip).cloned()
        });
        let logged = self
            .run_boot_from(LAST_MINUTE_US)
            .map(LogLine::to_string)
            .filter(|line| Scan::is_notable(Source::PreviousBootLog, line));
        let mut lines: Vec<String> = Vec::new();
        for line in logged.chain(dumps) {
            if lines.len() < LAST_LINES && !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }
}

impl std::fmt::Display for LogLine {
    /// The kernel's as `dmesg` prints them, all others with who wrote them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(us) = self.mono_us {
            write!(f, "[{:5}.{:06}] ", us / 1_000_000, us % 1_000_000)?;
        }
        match (self.from.as_str(), self.pid) {
            ("kernel" | "", _) => f.write_str(&self.text),
            (from, Some(pid)) => write!(f, "{from}[{pid}]: {}", self.text),
            (from, None) => write!(f, "{from}: {}", self.text),
        }
    }
}

impl Recovery {
    /// Who reads the bracket has to know when its two ends come from clocks that disagree.
    fn with_clock_note(mut self, run: &RunState) -> Recovery {
        if self.boot_id != self.found_in_boot_id && self.death.next_boot_wall_us < run.last_wall_us
        {
            self.evidence.push(Evidence::new(
                "clock",
                "the next boot seems to have begun before the last record: the wall clock was set in between, so the time of death is not bracketed",
            ));
        }
        self
    }
}
