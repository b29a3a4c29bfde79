//! The reports at a path: of a run directory, a file, or everything in a folder of them.

use std::fs;
use std::path::{Path, PathBuf};

use crashpoint_reports::Report;
use crashpoint_reports::report::SCHEMA;

use crate::failure::Failure;
use crate::{journal, written};

/// One report.
pub fn one(path: &Path) -> Result<Report, Failure> {
    if path.is_dir() {
        // What was handed on without its journal, as an artifact of CI is.
        let made = path.join("report.json");
        return if !is_run(path) && made.is_file() {
            one(&made)
        } else {
            written::read(path)
        };
    }
    if path
        .extension()
        .is_some_and(|extension| extension == "jsonl")
    {
        // One segment was named; a report needs all of them.
        return written::read(
            path.parent()
                .filter(|parent| *parent != Path::new(""))
                .unwrap_or(Path::new(".")),
        );
    }
    let unusable = |why: String| {
        Failure::usage(format!(
            "failed to read the report {}: {why}",
            path.display()
        ))
    };
    let text = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let report: Report =
        serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
    if report.schema == SCHEMA {
        Ok(report)
    } else {
        Err(unusable(format!(
            "it is a {:?}, not a {SCHEMA:?}",
            report.schema
        )))
    }
}

/// One, or of a folder that is no run all that are in it, in the order of their names.
pub fn all(path: &Path) -> Result<Vec<Report>, Failure> {
    if !path.is_dir() || holds_report(path) {
        return Ok(vec![one(path)?]);
    }
    in_folder(path)?.iter().map(|path| one(path)).collect()
}

/// The same, where one that can't be read must not hide the others. A run that came to its end is taken
/// from its report: the journals of many are long.
pub fn all_that_can_be_read(folder: &Path) -> Result<Vec<Report>, Failure> {
    if !folder.is_dir() || holds_report(folder) {
        return Ok(vec![one(folder)?]);
    }
    let reports = in_folder(folder)?.into_iter().filter_map(|path| {
        let made = one(&path.join("report.json")).ok();
        match made
            .filter(|it| it.run.complete)
            .map_or_else(|| one(&path), Ok)
        {
            Ok(report) => Some(report),
            Err(failure) => {
                eprintln!("crashpoint: left out {}: {failure}", path.display());
                None
            }
        }
    });
    Ok(reports.collect())
}

/// Run directories and files of reports, in the order of their names.
fn in_folder(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = fs::read_dir(path)
        .map_err(|error| Failure::usage(format!("failed to read {}: {error}", path.display())))?
        .flatten()
        // `latest` is a link to one of them.
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
        .map(|entry| entry.path())
        .filter(|path| holds_report(path) || path.extension().is_some_and(|it| it == "json"))
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "{} holds neither a run directory nor a report",
            path.display()
        )));
    }
    Ok(found)
}

fn holds_report(folder: &Path) -> bool {
    is_run(folder) || folder.join("report.json").is_file()
}

pub fn is_run(path: &Path) -> bool {
    journal::segments(path).is_ok_and(|segments| !segments.is_empty())
}
