//! The machine restarted, and nothing says why; or it did not restart, and yet time went back.

use super::RunEnding;
use super::decide::{Answer, Question};
use super::found::{LogLine, WtmpKind};
use crate::verdict::{Confidence, Evidence};
use crate::words::duration;

/// Clocks are read one after the other.
const CLOCK_STEP_US: u64 = 1_000_000;
/// A log that reaches so close to the last record would have held a shutdown, if there had been one.
const REACHES_US: u64 = 600_000_000;

/// Into a boot: what is mounted by then was mounted because of it.
const MOUNTED_US: u64 = 600_000_000;

/// Signs that filesystems and logs were not closed before this boot.
const UNCLEAN: [&str; 10] = [
    "recovering journal",
    ": recovery complete",
    "orphan cleanup on readonly fs",
    "was not properly unmounted",
    "was not properly dismounted",
    "Starting recovery",
    "start tree-log replay",
    "corrupted or uncleanly shut down",
    "recovery required on readonly filesystem",
    "Filesystem was not cleanly unmounted",
];

/// The boot id is the same, but the clock that counts from the boot has gone back.
pub fn snapshot(question: &Question<'_>) -> Option<Answer> {
    let (then_us, now_us) = (question.run.last_boottime_us(), question.this.boottime_us);
    if now_us.saturating_add(CLOCK_STEP_US) >= then_us {
        return None;
    }
    let text = format!(
        "the same boot, but it is {} old now and was {} old at the last record: the virtual machine was put back to an earlier state",
        duration(now_us as f64 / 1e6),
        duration(then_us as f64 / 1e6)
    );
    Some(Answer::new(
        RunEnding::SnapshotRestored,
        Confidence::Likely,
        vec![Evidence::new("clock", text)],
    ))
}

/// Another kernel was started from this one: somebody's doing, and no reset.
pub fn kexec(question: &Question<'_>) -> Option<Answer> {
    let about = question.is_about_the_run()?;
    question.this.by_kexec.then(|| {
        Answer::new(
            RunEnding::OrderlyShutdown,
            about,
            vec![Evidence::new(
                "boot_loader",
                "this kernel was started by kexec, from another kernel, not by the firmware",
            )],
        )
        .by(Some("kexec".to_owned()))
    })
}

pub fn unexplained(question: &Question<'_>) -> Answer {
    let mut evidence = Vec::new();
    if let Some(line) = unclean(question) {
        evidence.push(Evidence::new("kernel_log", line.to_string()));
    }
    if no_shutdown_in_wtmp(question) {
        evidence.push(Evidence::new(
            "wtmp",
            "a boot after the last record, and no shutdown before it; other shutdowns are recorded there",
        ));
    }
    if log_just_stops(question) {
        evidence.push(Evidence::new(
            "previous_boot_log",
            "the log of that boot reaches to the end of the record, and holds no shutdown",
        ));
    }
    let sure = if evidence.is_empty() {
        evidence.push(Evidence::new(
            "missing",
            "anything that would tell a reset from a shutdown: neither the log of that boot nor a record of boots and shutdowns reaches to the end of the run",
        ));
        Confidence::Possible
    } else {
        evidence.push(Evidence::new(
            "missing",
            "the cause: no panic, no hardware error, no watchdog and no shutdown is on record",
        ));
        Confidence::Likely
    };
    Answer::new(RunEnding::MachineReset, sure, evidence)
}

/// A filesystem that is mounted hours later was not in use when the machine went away, and an image
/// in a file may come from anywhere.
fn unclean<'a>(question: &Question<'a>) -> Option<&'a LogLine> {
    let is_sure = question.is_about_the_run() == Some(Confidence::Likely);
    let mut lines = question.found.this_boot.iter().filter(|_| is_sure);
    lines.find(|line| {
        line.mono_us.is_none_or(|at| at <= MOUNTED_US)
            && !line.text.contains("(loop")
            && UNCLEAN.iter().any(|it| line.text.contains(it))
    })
}

/// Counts only where shutdowns are recorded at all.
fn no_shutdown_in_wtmp(question: &Question<'_>) -> bool {
    let Some(records) = &question.found.wtmp else {
        return false;
    };
    let last_us = question.run.last_wall_us;
    let booted_after = records
        .iter()
        .any(|it| it.kind == WtmpKind::Boot && it.wall_us > last_us);
    booted_after && records.iter().any(|it| it.kind == WtmpKind::Shutdown)
}

fn log_just_stops(question: &Question<'_>) -> bool {
    question
        .run_boot()
        .filter_map(|line| line.mono_us)
        .max()
        .is_some_and(|at| at.saturating_add(REACHES_US) >= question.run.last_mono_us)
}
