//! `crashpoint report`: renders what a journal holds, or a report that was made from one.

use crashpoint_reports::render;

use super::finish::{colored, print};
use crate::cli::{Format, ReportOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;

pub fn report(options: &ReportOptions) -> Result<u8, Failure> {
    let report = reports_at::one(&options.run)?;
    print(&match options.format {
        Format::Text => render::terminal(&report, colored(options.color)),
        Format::Json => render::json(&report),
        Format::Md => render::markdown(&report),
        Format::Html => render::html(&report),
    })?;
    Ok(exit_code::OK)
}
