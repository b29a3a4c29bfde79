//! After a crash: tries what the record so far says is to be tried next, until nothing is left.
//!
//! It decides by the report of what is in the journal, as anybody else could later.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use crashpoint_reports::event::{Purpose, Settings};
use crashpoint_reports::report::{Attempt, Case};
use crashpoint_reports::triage::{Bounds, CORE_DUMP, History, Next, Step, next};
use crashpoint_reports::{Event, Outcome, Report};

use crate::cli::TriageBounds;
use crate::failure::Failure;
use crate::gpu_tells;
use crate::session::Session;
use crate::supervise::Reason;
use crate::written;

pub struct Triage<'a> {
    pub session: &'a Session,
    pub bounds: TriageBounds,
    /// Cases that are left alone, each with the reason if the journal has none yet.
    pub without: &'a HashMap<String, Option<String>>,
    /// Why nothing more can be tried of a case, if so.
    pub stop: &'a dyn Fn(&str) -> Option<String>,
    pub say: &'a dyn Fn(&str),
    /// Makes one attempt at a case.
    pub attempt: &'a dyn Fn(&str, &Step) -> Result<(), Failure>,
}

impl Triage<'_> {
    /// Each case that failed, once.
    pub fn all(&self) -> Result<(), Failure> {
        let began = Instant::now();
        let report = self.report()?;
        let mut failed: Vec<(u32, &Case)> = report
            .cases
            .iter()
            .filter_map(|case| Some((history(&report, case)?.crash.number, case)))
            .collect();
        failed.sort_by_key(|(number, _)| *number);
        let mut done: Vec<&Case> = Vec::new();
        for (_, case) in failed {
            if let Some(because) = self.without.get(&case.name) {
                if because.is_some() {
                    self.end(&case.name, because.clone())?;
                }
                done.push(case);
                continue;
            }
            let known = done.iter().find(|other| is_same(&report, other, case));
            match known {
                Some(other) => {
                    let because = format!("it is the same crash as in {}", other.name);
                    self.end(&case.name, Some(because))?;
                }
                None => self.case(&case.name, began)?,
            }
            done.push(case);
        }
        Ok(())
    }

    fn case(&self, name: &str, began: Instant) -> Result<(), Failure> {
        let mut last: Option<Step> = None;
        loop {
            let report = self.report()?;
            let Some(case) = report.cases.iter().find(|case| case.name == name) else {
                return Ok(());
            };
            let Some(history) = history(&report, case) else {
                return Ok(());
            };
            if let Some(step) = &last {
                self.tell(case, step, &history);
            }
            if self.session.interrupt.signal().is_some() {
                return self.end(name, Some("the run was interrupted".to_owned()));
            }
            if let Some(because) = (self.stop)(name) {
                return self.end(name, Some(because));
            }
            let bounds = Bounds {
                attempts: self.bounds.attempts,
                most: self.bounds.triage_attempts,
            };
            let step = match next(&history, bounds) {
                Next::Try(step) => step,
                Next::Done(because) => return self.end(name, because),
            };
            if began.elapsed() >= self.bounds.triage_time {
                let because = "the time for it was over (--triage-time)";
                return self.end(name, Some(because.to_owned()));
            }
            (self.attempt)(name, &step)?;
            last = Some(step);
        }
    }

    fn end(&self, case: &str, because: Option<String>) -> Result<(), Failure> {
        let end = Event::TriageEnd {
            case: case.to_owned(),
            because,
        };
        let journal = &self.session.journal;
        journal.append_durably(end).map_err(Failure::unfit)
    }

    /// What one attempt came to, in a line.
    fn tell(&self, case: &Case, step: &Step, history: &History<'_>) {
        let Some(attempt) = case.attempts.last() else {
            return;
        };
        let what = match step.purpose {
            Purpose::Repeat => {
                let n = history.as_planned();
                format!("again, {n} of {}", self.bounds.attempts.max(n))
            }
            Purpose::Diagnostic if step.variation.variables.contains_key(CORE_DUMP) => {
                "with blocking launches and GPU core dumps".to_owned()
            }
            Purpose::Diagnostic => "with blocking launches".to_owned(),
            Purpose::Reduction | Purpose::Planned => reduced(step),
        };
        let came = came_to(attempt, history);
        (self.say)(&format!("triage of {}: {what}: {came}", case.name));
    }

    fn report(&self) -> Result<Report, Failure> {
        self.session.journal.flush().map_err(Failure::unfit)?;
        written::read(&self.session.directory.path)
    }
}

/// For the record of an attempt that is to be made.
pub fn reason(step: &Step, folder: &Path) -> Reason {
    let mut reason = Reason {
        purpose: step.purpose,
        variation: step.variation.clone(),
        again: Vec::new(),
    };
    gpu_tells::complete(&mut reason.variation.variables, folder);
    reason
}

/// What is set for the attempt beside what is always set.
pub fn variables(reason: &Reason) -> impl Iterator<Item = (OsString, OsString)> + '_ {
    let variables = reason.variation.variables.iter();
    variables.map(|(name, value)| (name.into(), value.into()))
}

fn history<'a>(report: &'a Report, case: &'a Case) -> Option<History<'a>> {
    let settings: Option<&Settings> = report.run.settings.as_ref();
    History::of(&case.images, settings, &case.attempts)
}

/// In the same image, or as far from any: more of the same would teach nothing.
fn is_same(report: &Report, one: &Case, other: &Case) -> bool {
    let crash = |case| {
        let crash = history(report, case)?.crash;
        Some((&crash.signature, crash.crash_point.as_ref()?.image))
    };
    crash(one).is_some() && crash(one) == crash(other)
}

fn reduced(step: &Step) -> String {
    let images = step.variation.images.as_deref().unwrap_or_default();
    let images = match images {
        [one] => format!("image {one} alone"),
        [rest @ .., last] if rest.len() < 6 => {
            let rest: Vec<String> = rest.iter().map(u32::to_string).collect();
            format!("images {} and {last}", rest.join(", "))
        }
        many => format!("{} images", many.len()),
    };
    match step.variation.max_new_tokens {
        Some(1) => format!("{images}, with 1 new token"),
        Some(tokens) => format!("{images}, with {tokens} new tokens"),
        None => images,
    }
}

fn came_to(attempt: &Attempt, history: &History<'_>) -> String {
    match attempt.outcome {
        Outcome::Survived => "survived".to_owned(),
        _ if history.is_same(attempt) => format!("the same, {}", attempt.ending),
        Outcome::Died | Outcome::Failed => format!("another crash, {}", attempt.ending),
        Outcome::Incomplete => attempt.ending.to_string(),
    }
}
