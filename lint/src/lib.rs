//! The mistakes that look like crashes, found in what people write: Python call sites, and what
//! starts a service. From text to findings: nothing here runs or imports what it reads about, and only
//! [`files`] touches the disk.

pub mod files;
mod ignored;
pub mod python;
pub mod service;

use std::fmt;

use crashpoint_reports::lint::Finding;

/// What is known of the machine that it will run on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine {
    /// Of one card, in bytes.
    pub gpu_memory: Option<u64>,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Deeper than any program that Python itself takes.
    TooDeep,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::TooDeep => "it is nested more deeply than any program that Python takes",
        })
    }
}

impl std::error::Error for Refused {}

/// What is wrong with a text, by line; nothing for a file of no kind that is known.
pub fn lint(file: &str, text: &str, machine: &Machine) -> Result<Vec<Finding>, Refused> {
    let mut found = if python::knows(file, text) {
        python::lint(file, text, machine)?
    } else {
        service::lint(file, text)
    };
    ignored::leave_out(text, &mut found);
    found.sort_by(|a, b| (a.line, &a.rule).cmp(&(b.line, &b.rule)));
    Ok(found)
}

/// Whether there is a reader for it.
pub fn knows(file: &str, text: &str) -> bool {
    python::knows(file, text) || service::knows(file, text)
}
