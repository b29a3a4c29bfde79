//! What came of an attempt: decided here alone, for the live run as for the report.

use crate::ending::{Ending, EndingKind};
use crate::outcome::Outcome;

/// What the outcome depends on.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub ending: &'a Ending,
    /// The program could not be started.
    pub spawn_failed: bool,
    /// It was given a job over the protocol: silence is then no sign of success.
    pub job: bool,
    /// It spoke the protocol of its own accord, so that it has to say too when it is done.
    pub said_hello: bool,
    pub said_done: bool,
    pub said_error: bool,
    /// The machine was shut down or put back under it, by somebody who may not have known of it.
    pub shut_down: bool,
}

impl Facts<'_> {
    /// A program that lost its engine can still leave with exit code 0.
    pub fn left_early(&self) -> bool {
        self.ending.is_success() && (self.job || self.said_hello) && !self.said_done
    }
}

pub fn outcome(facts: &Facts<'_>) -> Outcome {
    if facts.spawn_failed {
        return Outcome::Failed;
    }
    if facts.ending.interrupted || facts.shut_down {
        return Outcome::Incomplete;
    }
    match facts.ending.kind {
        EndingKind::Exit => {
            let clean = facts.ending.code == Some(0) && !facts.said_error && !facts.left_early();
            if clean {
                Outcome::Survived
            } else {
                Outcome::Failed
            }
        }
        EndingKind::Signal
        | EndingKind::Timeout
        | EndingKind::Budget
        | EndingKind::Unkillable
        | EndingKind::MachineGone => Outcome::Died,
        EndingKind::Unreported => Outcome::Incomplete,
    }
}
