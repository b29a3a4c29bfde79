//! Signals, and exit codes that are a signal's number in disguise.

use serde::Serialize;

use crate::knowledge::{self, EndingFacts};
use crate::signal::signal_name;

/// What shells and container runtimes add to a signal's number.
const KILLED: i32 = 128;

#[derive(Debug, Clone, Serialize)]
pub struct Signal {
    pub number: i32,
    /// `None` for a real-time signal.
    pub name: Option<&'static str>,
    #[serde(flatten)]
    pub facts: Option<&'static EndingFacts>,
}

impl Signal {
    /// `None` for a number that no signal has.
    pub fn of(number: i32) -> Option<Signal> {
        (1..=64).contains(&number).then(|| Signal {
            number,
            name: signal_name(number),
            facts: knowledge::signal(number),
        })
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct ExitCode {
    pub code: i32,
    #[serde(flatten)]
    pub facts: Option<&'static EndingFacts>,
    /// The signal that a shell or a container runtime means by it.
    pub signal: Option<Signal>,
}

impl ExitCode {
    /// `None` for a number that no process can leave with.
    pub fn of(code: i32) -> Option<ExitCode> {
        (0..=255).contains(&code).then(|| ExitCode {
            code,
            facts: knowledge::exit_code(code),
            // Nobody ends a program by a real-time signal; there codes are the program's own.
            signal: Signal::of(code - KILLED).filter(|signal| signal.name.is_some()),
        })
    }

    /// Whether it means anything by convention.
    pub fn is_known(&self) -> bool {
        self.facts.is_some() || self.signal.is_some()
    }
}
