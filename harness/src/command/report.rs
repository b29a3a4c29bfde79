//! `crashpoint report`: renders what a journal holds, or a report that was made from one.

use crashpoint_reports::render;

use super::finish::{colored, print};
use crate::cli::{Format, Kind, ReportOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;

/// A comment holds 65536 characters.
const PULL_REQUEST_BYTES: usize = 60_000;

pub fn report(options: &ReportOptions) -> Result<u8, Failure> {
    let text = match options.kind {
        Kind::Run => of_run(options)?,
        Kind::Validation => validation(options)?,
    };
    print(&text)?;
    Ok(exit_code::OK)
}

fn of_run(options: &ReportOptions) -> Result<String, Failure> {
    if options.before.is_some() {
        return Err(Failure::usage(
            "--before belongs to a validation report: add --kind validation",
        ));
    }
    let report = reports_at::one(&options.run)?;
    Ok(match options.format.unwrap_or(Format::Text) {
        Format::Text => render::terminal(&report, colored(options.color)),
        Format::Json => render::json(&report),
        Format::Md => render::markdown(&report),
        Format::Pr => render::cut_to(&render::markdown(&report), PULL_REQUEST_BYTES),
        Format::Html => render::html(&report),
        Format::Junit => render::junit(&report),
    })
}

fn validation(options: &ReportOptions) -> Result<String, Failure> {
    let render = match options.format.unwrap_or(Format::Md) {
        Format::Md => render::validation_markdown,
        Format::Html => render::validation_html,
        _ => {
            return Err(Failure::usage(
                "a validation report is a document: use --format md or --format html",
            ));
        }
    };
    let before = options.before.as_deref().map(reports_at::one).transpose()?;
    Ok(render(&reports_at::one(&options.run)?, before.as_ref()))
}
