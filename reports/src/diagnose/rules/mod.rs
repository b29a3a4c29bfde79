//! The rules, in order of precedence.

mod exception;
mod from_outside;
mod hang;
mod machine;
mod signal;
mod start;
mod worker_error;

use super::Bundle;
use crate::verdict::{Class, Confidence, Evidence, Verdict};

pub type Rule = fn(&Bundle<'_>) -> Option<Verdict>;

/// The first that answers decides: what somebody knows stands before what is read from a signal.
pub const RULES: &[Rule] = &[
    worker_error::typed,
    worker_error::refused,
    start::spawn_error,
    start::loader,
    from_outside::interrupted,
    machine::gone,
    hang::limit,
    hang::unkillable,
    signal::instruction,
    signal::memory_access,
    signal::abort,
    from_outside::signal,
    exception::python,
];

/// No rule answered: all that is known, and that it does not decide.
pub fn undecided(bundle: &Bundle<'_>) -> Verdict {
    let mut evidence = Vec::new();
    if let Some(ending) = bundle.ending {
        evidence.push(Evidence::new("ending", ending.to_string()));
    }
    if bundle.left_early {
        evidence.push(Evidence::new(
            "worker",
            "it left with exit code 0 before it reported its work as done",
        ));
    }
    if let Some(error) = bundle.error {
        evidence.push(Evidence::new("worker", error.message.clone()));
    }
    if let Some(line) = last_line(bundle.stderr) {
        evidence.push(Evidence::new("stderr", line));
    }
    Verdict::new(Class::Unknown, Confidence::None, evidence)
}

/// Unknown, with what was seen and what would decide.
fn unknown(seen: Vec<Evidence>, missing: &str) -> Verdict {
    let mut verdict = Verdict::new(Class::Unknown, Confidence::None, seen);
    verdict.evidence.push(Evidence::new("missing", missing));
    verdict
}

fn last_line(text: Option<&str>) -> Option<&str> {
    text?.lines().map(str::trim).rfind(|line| !line.is_empty())
}

fn ending(bundle: &Bundle<'_>) -> Vec<Evidence> {
    bundle
        .ending
        .map(|ending| Evidence::new("ending", ending.to_string()))
        .into_iter()
        .collect()
}
