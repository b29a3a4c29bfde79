//! Workers that lie about, and what each was built with, by its own word.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crashpoint_reports::protocol::FD_VARIABLE;
use crashpoint_scenarios::worker::{BuiltWith, QUESTION};

use crate::asked::{Ended, ask};

const NAME: &str = "crashpoint-worker";
/// It prints a line. Loading the libraries of CUDA from a cold disk takes its time.
const ANSWERING: Duration = Duration::from_secs(20);
/// What the loader says of a program that it cannot complete, whatever code it then leaves with.
const NOT_LOADED: [&str; 3] = [
    "error while loading shared libraries",
    "symbol lookup error",
    "' not found (required by",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// Where it was found, in words.
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    With(BuiltWith),
    /// Why it cannot be started here: a library or a driver is missing.
    CannotStart(String),
    /// It says nothing of the kind.
    Untold,
}

impl Found {
    /// Beside this executable, then on the PATH.
    pub fn candidates(executable: &Path, path: Option<&OsStr>) -> Vec<Found> {
        let beside = executable.parent().map(|folder| Found {
            path: folder.join(NAME),
            place: "beside crashpoint".to_owned(),
        });
        let folders = path.into_iter().flat_map(split_paths);
        let on_path = folders.filter(|it| it.is_absolute()).map(|folder| Found {
            path: folder.join(NAME),
            place: "on the PATH".to_owned(),
        });
        let mut found: Vec<Found> = Vec::new();
        for candidate in beside.into_iter().chain(on_path) {
            let known = found.iter().any(|it| it.path == candidate.path);
            if !known && candidate.path.is_file() {
                found.push(candidate);
            }
        }
        found
    }
}

/// Asks a worker. One that was built with CUDA does not even start without the driver's library.
pub fn built_with(worker: &Path) -> Built {
    let mut command = Command::new(worker);
    command.arg(QUESTION).env_remove(FD_VARIABLE);
    let answer = match ask(&mut command, ANSWERING) {
        Ok(answer) => answer,
        Err(error) => return Built::CannotStart(error.to_string()),
    };
    match answer.ended {
        Ended::With(status) if status.success() => {
            let line = answer.stdout.lines().next().unwrap_or_default();
            serde_json::from_str(line).map_or(Built::Untold, Built::With)
        }
        Ended::With(_) => {
            let mut lines = answer.stderr.lines();
            let told = lines.find(|line| NOT_LOADED.iter().any(|said| line.contains(said)));
            told.map_or(Built::Untold, |told| Built::CannotStart(told.to_owned()))
        }
        Ended::TooLong | Ended::Unkillable => Built::Untold,
    }
}
