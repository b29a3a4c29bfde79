//! A known mistake, found before anything ran: in a Python call site, a model's folder, a service's
//! configuration.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::knowledge::Mistake;
use crate::verdict::Confidence;

pub const SCHEMA: &str = "crashpoint.lint/1";

/// What was found in some files and folders, ordered by file and line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lint {
    pub schema: String,
    pub findings: Vec<Finding>,
}

/// One known mistake at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
// A report has findings of another kind.
#[schemars(rename = "KnownMistake")]
pub struct Finding {
    /// Short and lasting, as in `integer-dtype`.
    pub rule: String,
    pub severity: Severity,
    /// How sure it is that this is the mistake; [`Severity`] says how bad it would be.
    pub confidence: Confidence,
    pub file: String,
    /// From 1. A finding of the whole file stands at line 1.
    pub line: u32,
    pub end_line: u32,
    /// What stands there, with its names and numbers.
    pub message: String,
    pub why: String,
    pub fix: String,
    /// Where the fact comes from.
    pub source: String,
}

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    /// It fails, or does something other than what is written.
    Error,
    /// It fails under conditions that are usual.
    Warning,
    /// Doubtful, and no reason for a failing exit code.
    Note,
}

impl Finding {
    /// With what is known of the mistake, wherever the place says nothing better.
    pub fn of(
        mistake: &Mistake,
        file: &str,
        lines: RangeInclusive<u32>,
        message: String,
    ) -> Finding {
        Finding {
            rule: mistake.id.clone(),
            severity: mistake.severity,
            confidence: mistake.confidence,
            file: file.to_owned(),
            line: *lines.start(),
            end_line: *lines.end(),
            message,
            why: mistake.why.clone(),
            fix: mistake.fix.clone(),
            source: mistake.sources.join("; "),
        }
    }
}
