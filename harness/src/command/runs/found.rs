//! A run directory as it lies there: its state, its size, its age.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

use crate::failure::Failure;
use crate::{journal, recover};

#[derive(Debug, Serialize)]
pub struct Found {
    pub run: String,
    pub path: PathBuf,
    pub state: State,
    pub bytes: u64,
    /// RFC 3339, UTC: when its directory was made.
    pub began: String,
    #[serde(skip)]
    pub made: SystemTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody writes it now.
    Running,
    /// Nobody does, and nobody knows yet what ended it.
    Unfinished,
    Over,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Unfinished => "unfinished",
            State::Over => "over",
        }
    }
}

/// All in a folder, in the order in which they began.
pub fn all(out: &Path) -> Result<Vec<Found>, Failure> {
    let unreadable = |error| {
        Failure::usage(format!(
            "failed to look for runs in {}: {error}; name the place with --out",
            out.display()
        ))
    };
    let unfinished = recover::unfinished(out).map_err(unreadable)?;
    let runs = recover::run_directories(out).map_err(unreadable)?;
    Ok(runs
        .into_iter()
        .map(|path| {
            let state = if journal::is_locked(&path) {
                State::Running
            } else if unfinished.contains(&path) {
                State::Unfinished
            } else {
                State::Over
            };
            let made = made(&path);
            Found {
                run: recover::name(&path),
                state,
                bytes: size(&path),
                began: humantime::format_rfc3339_seconds(made).to_string(),
                made,
                path,
            }
        })
        .collect())
}

/// Its first segment is written once and never again: what is made of a run later does not make it
/// younger.
fn made(run: &Path) -> SystemTime {
    let of = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        metadata.created().or_else(|_| metadata.modified()).ok()
    };
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    // The name says it, unless somebody renamed the directory.
    from_name(&name)
        .or_else(|| of(&run.join("journal-0001.jsonl")))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// `2026-11-23T14-02-11Z-3f9a`.
fn from_name(name: &str) -> Option<SystemTime> {
    let (date, rest) = name.split_once('T')?;
    let (time, _) = rest.split_once("Z-")?;
    humantime::parse_rfc3339(&format!("{date}T{}Z", time.replace('-', ":"))).ok()
}

/// Of all files under it; links are not followed.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_when_it_began() {
        let made = from_name("2026-11-23T14-02-11Z-3f9a").unwrap();
        assert_eq!(
            humantime::format_rfc3339_seconds(made).to_string(),
            "2026-11-23T14:02:11Z"
        );
        assert_eq!(from_name("mine"), None);
    }
}
