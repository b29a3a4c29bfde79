//! The rules: what somebody knows stands before what the logs say, and that before what a signal says.

mod cause;
mod confidence;
mod crash;
mod exception;
mod from_outside;
mod gpu_memory;
mod hang;
mod host_memory;
mod leak;
mod machine;
mod missing;
mod refine;
mod ruled_out;
mod signal;
mod start;
mod worker_error;
mod xid;

pub use ruled_out::ruled_out;

use super::Bundle;
use crate::verdict::{Class, Confidence, Evidence, Verdict};

pub type Rule = fn(&Bundle<'_>) -> Option<Verdict>;

/// The first that answers decides.
pub const RULES: &[Rule] = &[
    worker_error::typed,
    worker_error::refused,
    start::spawn_error,
    from_outside::interrupted,
    machine::recovered,
    host_memory::counted,
    cause::named,
    machine::gone,
    hang::limit,
    hang::unkillable,
    hang::seen,
    crash::fault,
    signal::instruction,
    signal::memory_access,
    signal::system_call,
    signal::abort,
    from_outside::signal,
    cause::lead,
];

/// No rule answered: all that is known, and that it does not decide.
pub fn undecided(bundle: &Bundle<'_>) -> Verdict {
    let mut evidence = ending(bundle);
    if bundle.left_early {
        evidence.push(Evidence::new(
            "worker",
            "it left with exit code 0 before it reported its work as done",
        ));
    }
    if let Some(error) = bundle.error {
        evidence.push(Evidence::new("worker", error.message.clone()));
    }
    let echoes = bundle.sightings.iter().take(4);
    evidence.extend(echoes.map(|it| it.evidence()));
    if let Some((source, line, text)) = &bundle.sightings.last_line {
        let last = Evidence::new(format!("{source}:{line}"), text.trim());
        if !evidence.contains(&last) {
            evidence.push(last);
        }
    }
    evidence.push(Evidence::new("missing", missing::anything(bundle)));
    Verdict::new(Class::Unknown, Confidence::None, evidence)
}

/// Unknown, with what was seen and what would decide.
fn unknown(seen: Vec<Evidence>, missing: &str) -> Verdict {
    let mut verdict = Verdict::new(Class::Unknown, Confidence::None, seen);
    verdict.evidence.push(Evidence::new("missing", missing));
    verdict
}

fn ending(bundle: &Bundle<'_>) -> Vec<Evidence> {
    bundle
        .ending
        .map(|ending| Evidence::new("ending", ending.to_string()))
        .into_iter()
        .collect()
}
