//! The summary: the few numbers and the one sentence that are read first.

use super::extremes::Extremes;
use super::last_words;
use crate::outcome::Outcome;
use crate::protocol::AllocatorMemory;
use crate::recovery::Recovery;
use crate::report::{Attempt, Case, Finding, Run, Statistics, Summary};
use crate::words::{counted, gib, percent};

pub struct Sources<'a> {
    pub run: &'a Run,
    pub cases: &'a [Case],
    pub findings: &'a [Finding],
    pub extremes: &'a Extremes,
    pub allocator: Option<AllocatorMemory>,
    pub statistics: &'a Statistics,
    pub recovery: Option<&'a Recovery>,
}

/// If the plan does not say another.
const CRITICAL_IMAGE: u32 = 5;

pub fn summary(from: &Sources<'_>) -> Summary {
    let attempts: Vec<&Attempt> = from
        .cases
        .iter()
        .flat_map(|case| &case.attempts)
        .filter(|attempt| attempt.counts())
        .collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let images = || attempts.iter().flat_map(|attempt| &attempt.images);
    let total = images().count();
    let succeeded = images()
        .filter(|image| image.outcome == Outcome::Survived)
        .count();
    let used = from
        .extremes
        .memory_total_bytes
        .zip(from.extremes.memory_available_min_bytes)
        .map(|(total, available)| total.saturating_sub(available));
    let share = from.extremes.memory_available_min_share();
    let mut summary = Summary {
        headline: String::new(),
        attempts: count(attempts.len()),
        attempts_survived: count(
            attempts
                .iter()
                .filter(|attempt| attempt.outcome == Outcome::Survived)
                .count(),
        ),
        cases: count(from.cases.len()),
        cases_skipped: count(from.cases.iter().filter(|it| it.skipped.is_some()).count()),
        total_analyses: count(total),
        analyses_succeeded: count(succeeded),
        success_rate: (total > 0).then(|| percent(succeeded as f64 / total as f64)),
        crash_point: None,
        gpu_memory_allocated: from.allocator.map(|it| gib(it.allocated_bytes)),
        gpu_memory_allocated_bytes: from.allocator.map(|it| it.allocated_bytes),
        gpu_memory_reserved: from.allocator.map(|it| gib(it.reserved_bytes)),
        gpu_memory_reserved_bytes: from.allocator.map(|it| it.reserved_bytes),
        system_memory_usage: share.map(|available| percent(1.0 - available)),
        system_memory_used_bytes: used,
        system_memory_total_bytes: from.extremes.memory_total_bytes,
        critical_test_passed: critical_test_passed(from.run, &attempts),
        load_seconds: from.statistics.load_seconds.map(|spread| spread.median),
        peak_rss_bytes: attempts.iter().filter_map(|it| it.peak_rss_bytes).max(),
    };
    summary.crash_point = first_crash(&attempts).and_then(|attempt| {
        last_words::sentence(attempt, from.recovery).or_else(|| sentence(attempt))
    });
    summary.headline = headline(from, &attempts, &summary);
    summary
}

fn critical_test_passed(run: &Run, attempts: &[&Attempt]) -> Option<bool> {
    let critical = run
        .settings
        .as_ref()
        .and_then(|settings| settings.critical_image)
        .unwrap_or(CRITICAL_IMAGE);
    let outcomes: Vec<Outcome> = attempts
        .iter()
        .flat_map(|attempt| &attempt.images)
        .filter(|image| image.index == critical)
        .map(|image| image.outcome)
        .collect();
    if outcomes.iter().copied().any(super::is_crash) {
        return Some(false);
    }
    // One that nobody let finish decides nothing.
    let all = !outcomes.is_empty() && outcomes.iter().all(|it| *it == Outcome::Survived);
    all.then_some(true)
}

/// The first that died or failed; otherwise the first that nobody saw end.
fn first_crash<'a>(attempts: &[&'a Attempt]) -> Option<&'a Attempt> {
    let mut in_order: Vec<&'a Attempt> = attempts.to_vec();
    in_order.sort_by_key(|attempt| attempt.number);
    let first = |wanted: fn(&Attempt) -> bool| in_order.iter().copied().find(|it| wanted(it));
    first(|attempt| super::is_crash(attempt.outcome)).or_else(|| {
        first(|attempt| attempt.outcome == Outcome::Incomplete && !attempt.ending.interrupted)
    })
}

fn sentence(attempt: &Attempt) -> Option<String> {
    let place = attempt.crash_point.as_ref()?.place();
    let began = match attempt.outcome {
        Outcome::Failed => "failed",
        Outcome::Incomplete => "last seen",
        Outcome::Died | Outcome::Survived => "died",
    };
    Some(format!("{began} in {place}: {}", how(attempt)))
}

/// How it ended, with what is shown of an error in one line.
fn how(attempt: &Attempt) -> String {
    if let Some(error) = &attempt.spawn_error {
        return error.clone();
    }
    if let Some(limit) = &attempt.limit {
        return format!("{} ({limit})", attempt.ending);
    }
    if attempt.ending.is_success() && attempt.error.is_none() {
        return format!("{}, before its work was done", attempt.ending);
    }
    attempt.ending.to_string()
}

fn headline(from: &Sources<'_>, attempts: &[&Attempt], summary: &Summary) -> String {
    let crashes = attempts
        .iter()
        .filter(|attempt| super::is_crash(attempt.outcome))
        .count();
    if crashes > 0
        && let Some(first) = &summary.crash_point
    {
        return match crashes - 1 {
            0 => first.clone(),
            more => format!("{first} (and {more} more)"),
        };
    }
    if attempts.is_empty() {
        return "nothing ran".to_owned();
    }
    let survived = summary.attempts_survived as usize;
    if let Some(signal) = from.run.interrupted_by {
        let signal = crate::signal::signal_name(signal).unwrap_or("a signal");
        return format!(
            "interrupted by {signal}: {} of {} that began had survived",
            survived,
            counted(attempts.len(), "attempt")
        );
    }
    if let Some(last_seen) = &summary.crash_point {
        return match from.recovery {
            Some(_) => last_seen.clone(),
            None => format!("the run never ended: {last_seen}"),
        };
    }
    if survived < attempts.len() {
        return format!(
            "{survived} of {} survived, the rest were not let finish",
            counted(attempts.len(), "attempt")
        );
    }
    let tried = from
        .cases
        .iter()
        .filter(|it| !it.attempts.is_empty())
        .count();
    if !from.run.complete {
        let ended = match from.recovery {
            Some(recovery) => format!("{} between two attempts", recovery.ended_by.words()),
            None => "the run never ended".to_owned(),
        };
        return format!(
            "{ended}: {tried} of {} had been tried, and survived",
            counted(from.cases.len(), "case")
        );
    }
    let mut line = format!(
        "every step survived: {}, {}",
        counted(tried, "case"),
        counted(attempts.len(), "attempt")
    );
    if summary.total_analyses > 0 {
        line += &format!(", {}", counted(summary.total_analyses as usize, "image"));
    }
    let missed = summary.total_analyses - summary.analyses_succeeded;
    if missed > 0 {
        line = format!(
            "every attempt survived, but {missed} of {} failed",
            counted(summary.total_analyses as usize, "image")
        );
    }
    let other = from.findings.len().saturating_sub(missed as usize);
    if other > 0 {
        line += &format!("; {}", counted(other, "finding"));
    }
    let skipped = summary.cases_skipped as usize;
    if skipped > 0 {
        line += &format!("; {} not tried", counted(skipped, "case"));
    }
    line
}
