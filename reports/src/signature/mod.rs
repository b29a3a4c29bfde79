//! What tells one crash from another: the same in every run and on every machine that has it.
//!
//! Made of class, phase, and the innermost frames that belong to the program; where there are none,
//! of what it said, with everything masked that changes from run to run. Which image it was is no
//! part of it: the same bug strikes in many.

mod frames;
mod message;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diagnose::exception;
use crate::ending::{Ending, EndingKind};
use crate::report::Attempt;
use crate::verdict::{Class, Evidence};

/// Part of what is hashed: another way of making signatures makes other ids.
const VERSION: u32 = 1;
/// Of the hash: 8 hexadecimal digits.
const ID_BYTES: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// Eight hexadecimal digits: equal for the same crash.
    pub id: String,
    /// What the id is made of.
    pub text: String,
}

impl Signature {
    /// Of an attempt whose verdict is known; `None` if it did not crash.
    pub fn of(attempt: &Attempt) -> Option<Signature> {
        if !attempt.crashed() {
            return None;
        }
        let class = attempt
            .verdict
            .as_ref()
            .map_or(Class::Unknown, |verdict| verdict.class);
        let phase = attempt
            .crash_point
            .as_ref()
            .map_or("unknown", |point| point.phase.as_str());
        let frames = attempt
            .gathered
            .as_ref()
            .and_then(|gathered| gathered.crash.as_ref())
            .map(|crash| frames::top(&crash.frames))
            .unwrap_or_default();
        let what = if frames.is_empty() {
            message::normalised(&said(attempt))
        } else {
            frames.join(" < ")
        };
        let text = format!("{class} in {phase}: {what}");
        let hash = Sha256::digest(format!("crashpoint.signature/{VERSION}\n{text}"));
        let id = hash
            .iter()
            .take(ID_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(Signature { id, text })
    }
}

/// The line that says most about the cause, in the program's own words where it had any.
fn said(attempt: &Attempt) -> String {
    if let Some(error) = &attempt.spawn_error {
        return error.clone();
    }
    if attempt.ending.kind == EndingKind::Timeout
        && let Some(limit) = &attempt.limit
    {
        return limit.clone();
    }
    if let Some(error) = &attempt.error {
        return error.message.clone();
    }
    let stderr = attempt.stderr.as_ref().map(|stream| stream.tail.as_str());
    if let Some(exception) = stderr.and_then(exception) {
        return exception.to_owned();
    }
    if let Some(panic) = stderr.and_then(panic) {
        return panic;
    }
    let evidence = attempt.verdict.iter().flat_map(|verdict| &verdict.evidence);
    if attempt.ending.kind == EndingKind::MachineGone {
        return of_machine(evidence).unwrap_or_else(|| attempt.ending.to_string());
    }
    let from = |sources: &[&str]| {
        evidence
            .clone()
            .find(|it| sources.iter().any(|source| it.source.starts_with(source)))
    };
    from(&["stderr", "stdout", "worker", "service"])
        .or_else(|| from(&["kernel"]))
        .map_or_else(
            || {
                // Whether a core file was written is a setting of the machine.
                let ending = Ending {
                    core_dumped: None,
                    ..attempt.ending
                };
                ending.to_string()
            },
            |it| it.text.clone(),
        )
}

/// A panic's reason, or the line of that boot's log that named the cause: what the next boot found
/// besides tells machines apart, and not crashes.
fn of_machine<'a>(evidence: impl Iterator<Item = &'a Evidence> + Clone) -> Option<String> {
    let reason = evidence.clone().find_map(|it| {
        let (_, reason) = it.text.split_once("Kernel panic - not syncing: ")?;
        Some(reason.to_owned())
    });
    let named = || {
        let mut numbered = evidence.filter(|it| it.source.starts_with("previous_boot_log:"));
        numbered.next().map(|it| it.text.clone())
    };
    reason.or_else(named)
}

/// What Rust prints of a panic, in two lines: where, and what.
fn panic(text: &str) -> Option<String> {
    let mut lines = text
        .lines()
        .skip_while(|line| !line.contains("panicked at "));
    let (_, place) = lines.next()?.split_once("panicked at ")?;
    let what = lines.next().unwrap_or_default();
    Some(format!("panicked at {place} {}", what.trim()))
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.text)
    }
}
