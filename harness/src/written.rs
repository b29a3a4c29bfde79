//! The report of a run: read from its journal, never from anything else.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use crashpoint_reports::Report;
use crashpoint_reports::fold::Fold;
use crashpoint_reports::journal::Reader;
use crashpoint_reports::render;

use crate::failure::Failure;
use crate::run_directory::write_whole;

/// Folds the journal of a run directory.
pub fn read(directory: &Path) -> Result<Report, Failure> {
    let segments = segments(directory)?;
    let mut fold = Fold::new();
    let mut reader = Reader::new();
    for segment in &segments {
        let name = segment.file_name().unwrap_or_default().to_string_lossy();
        File::open(segment)
            .and_then(|file| {
                reader.segment(&name, BufReader::new(file), |record| fold.push(record))
            })
            .map_err(|error| {
                Failure::unfit(format!("failed to read {}: {error}", segment.display()))
            })?;
    }
    Ok(fold.finish(reader.finish()))
}

fn segments(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::usage(format!(
            "failed to read the run {}: {error}",
            directory.display()
        ))
    };
    let mut segments: Vec<PathBuf> = fs::read_dir(directory)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("journal-") && name.ends_with(".jsonl")
        })
        .collect();
    segments.sort();
    if segments.is_empty() {
        return Err(Failure::usage(format!(
            "{} is no run directory: it holds no journal",
            directory.display()
        )));
    }
    Ok(segments)
}

/// Writes `report.json` and `report.md`.
pub fn write(directory: &Path, report: &Report) -> Result<(), Failure> {
    let json = directory.join("report.json");
    write_whole(&json, render::json(report).as_bytes())
        .map_err(|error| Failure::write(&json, &error))?;
    let markdown = directory.join("report.md");
    write_whole(&markdown, render::markdown(report).as_bytes())
        .map_err(|error| Failure::write(&markdown, &error))
}
