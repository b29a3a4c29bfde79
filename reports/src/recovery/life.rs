//! Whether the process that keeps a run's record is still there.

use super::{RunState, ThisBoot};
use crate::event::Header;
use crate::verdict::{Confidence, Evidence};
use crate::words::duration;

/// The lock that a supervisor holds on the first segment for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    Held,
    Free,
    /// The filesystem has no such locks, or the file can't be opened.
    Unknown,
}

/// A record with samples is written every second; after so long without one nobody writes it.
const SILENT_US: u64 = 600_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hints {
    pub lock: Lock,
    /// The record lies on a filesystem that other machines may write to as well.
    pub shared: bool,
    /// Of whoever asks.
    pub pid_namespace: String,
    /// When the process that now has the run's pid began, in clock ticks since boot; `None` if no
    /// process has it.
    pub start_ticks: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// Why it is thought to be running.
    StillRunning(String),
    /// Another machine seems to write it.
    Elsewhere(String),
    Gone {
        confidence: Confidence,
        evidence: Evidence,
    },
}

/// The lock decides where there is one; a network filesystem may not have it, so that a process with
/// the pid and the start time of the run's counts as well.
pub fn life(run: &RunState, header: &Header, this: &ThisBoot, hints: &Hints) -> Life {
    let pid = header.pid;
    if hints.lock == Lock::Held {
        return Life::StillRunning(format!(
            "the record is locked by whoever writes it, process {pid} as it says"
        ));
    }
    let gone = |confidence, text: String| Life::Gone {
        confidence,
        evidence: Evidence::new("process", text),
    };
    if header.boot_id != this.boot_id {
        if let Some(why) = elsewhere(run, header, this, hints) {
            return Life::Elsewhere(why);
        }
        return gone(
            Confidence::Certain,
            format!("process {pid} belonged to another boot"),
        );
    }
    let namespace_is_ours = header.pid_namespace == hints.pid_namespace;
    if namespace_is_ours && hints.start_ticks == Some(header.pid_start_ticks) {
        return Life::StillRunning(format!("process {pid} is alive"));
    }
    match (namespace_is_ours, hints.lock) {
        (true, _) => gone(
            Confidence::Certain,
            format!("process {pid} is gone, in the boot that it was started in"),
        ),
        (false, Lock::Free) => gone(
            Confidence::Likely,
            format!(
                "nobody holds the lock on the record; process {pid} was in {}, which cannot be seen from {}",
                header.pid_namespace, hints.pid_namespace
            ),
        ),
        // Nothing shows that it is dead but its silence.
        (false, _) if run.is_sampled() && silent_us(run, this) > SILENT_US => gone(
            Confidence::Possible,
            format!(
                "process {pid} was in {}, which cannot be seen from {}; nothing has been recorded for {}",
                header.pid_namespace,
                hints.pid_namespace,
                duration(silent_us(run, this) as f64 / 1e6)
            ),
        ),
        (false, _) => Life::Elsewhere(format!(
            "process {pid} is in {}, which cannot be seen from {}, and locks cannot be relied on here",
            header.pid_namespace, hints.pid_namespace
        )),
    }
}

/// A record that came here over a network filesystem, by `--mirror` or as a copy says nothing of this
/// machine, nor this machine of it.
fn elsewhere(run: &RunState, header: &Header, this: &ThisBoot, hints: &Hints) -> Option<String> {
    if let (Some(there), Some(here)) = (&header.machine, &this.machine)
        && there != here
    {
        return Some(format!(
            "machine {there} wrote it, and this is machine {here}"
        ));
    }
    // What was written since this machine is up, and not by it, was written by another one, be its
    // name the same: images of an operating system are copied. On a disk of its own it is only the
    // clock that was set.
    let while_up = run.last_wall_us > this.boot_time_s.saturating_mul(1_000_000);
    (hints.shared && while_up).then(|| {
        format!(
            "boot {} wrote it while this machine was up in another",
            header.boot_id
        )
    })
}

fn silent_us(run: &RunState, this: &ThisBoot) -> u64 {
    this.wall_us.saturating_sub(run.last_wall_us)
}
