//! The report of a run: read from its journal, never from anything else.

use std::path::Path;

use crashpoint_reports::Report;
use crashpoint_reports::fold::Fold;
use crashpoint_reports::render;

use crate::failure::Failure;
use crate::journal;
use crate::run_directory::write_whole;

/// Folds the journal of a run directory.
pub fn read(directory: &Path) -> Result<Report, Failure> {
    let segments = journal::segments(directory).map_err(|error| {
        Failure::usage(format!(
            "failed to read the run {}: {error}",
            directory.display()
        ))
    })?;
    if segments.is_empty() {
        return Err(Failure::usage(format!(
            "{} is no run directory: it holds no journal",
            directory.display()
        )));
    }
    let mut fold = Fold::new();
    let reader =
        journal::read(&segments, |record| fold.push(record)).map_err(|(path, error)| {
            Failure::unfit(format!("failed to read {}: {error}", path.display()))
        })?;
    Ok(fold.finish(reader.finish()))
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
