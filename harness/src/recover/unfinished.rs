//! The runs in a folder, and those of them that nobody knows the end of.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::tail::is_settled;
use crate::journal;

/// In the order of their names, which is that of their beginning.
pub fn run_directories(out: &Path) -> io::Result<Vec<PathBuf>> {
    let mut runs: Vec<PathBuf> = fs::read_dir(out)?
        .flatten()
        // `latest` is a link to one of them.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| path.join("journal-0001.jsonl").is_file())
        .collect();
    runs.sort();
    Ok(runs)
}

/// Those that may be unfinished, by the end of their last segment alone.
pub fn unfinished(out: &Path) -> io::Result<Vec<PathBuf>> {
    let runs = run_directories(out)?;
    Ok(runs
        .into_iter()
        .filter(|run| {
            let segments = journal::segments(run).unwrap_or_default();
            !segments.last().is_some_and(|last| is_settled(last))
        })
        .collect())
}
