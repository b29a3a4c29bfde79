//! `crashpoint compare`: two reports side by side.

use crashpoint_reports::compare::compare as compared;
use crashpoint_reports::render::comparison;

use super::finish::print;
use crate::cli::{CompareFormat, CompareOptions};
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;

pub fn compare(options: &CompareOptions) -> Result<u8, Failure> {
    let before = reports_at::one(&options.before)?;
    let after = reports_at::one(&options.after)?;
    let both = compared(&before, &after);
    print(&match options.format {
        CompareFormat::Text => comparison::text(&both),
        CompareFormat::Md => comparison::markdown(&both),
        CompareFormat::Json => comparison::json(&both),
        CompareFormat::Html => comparison::html(&both),
    })?;
    Ok(exit_code::OK)
}
