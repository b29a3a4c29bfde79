//! Reports made of journals written by hand.

// Also in the helpers of tests, which clippy does not take for tests.
#![allow(clippy::unwrap_used)]

mod crash_points;
mod crashes;
mod cut;
mod diagnosis;
#[path = "../dice/mod.rs"]
mod dice;
mod findings;
mod gpus;
mod guide;
mod hostile;
mod journal;
mod junit;
mod measurements;
mod old_journals;
mod outcomes;
mod page;
mod past;
mod preflight;
mod recovered;
mod rendering;
mod schema;
mod signatures;
mod suspects;
mod time_line;
mod triage;
mod validation;
mod verdicts;
