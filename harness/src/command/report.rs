//! `crashpoint report`: renders what a journal holds, or a report that was made from one.

use std::fs;
use std::path::Path;

use crashpoint_reports::report::SCHEMA;
use crashpoint_reports::{Report, render};

use super::finish::{colored, print};
use crate::cli::{Format, ReportOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::written;

pub fn report(options: &ReportOptions) -> Result<u8, Failure> {
    let report = load(&options.run)?;
    print(&match options.format {
        Format::Text => render::terminal(&report, colored(options.color)),
        Format::Json => render::json(&report),
        Format::Md => render::markdown(&report),
        Format::Html => render::html(&report),
    })?;
    Ok(exit_code::OK)
}

fn load(path: &Path) -> Result<Report, Failure> {
    if path.is_dir() {
        return written::read(path);
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
