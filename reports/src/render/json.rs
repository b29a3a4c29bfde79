//! The report as other programs read it.

use crate::report::Report;

/// Indented, with a newline at its end.
pub fn json(report: &Report) -> String {
    // A report holds nothing that JSON cannot say: its maps have strings for keys.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

/// Several reports, as one array.
pub fn json_list(reports: &[&Report]) -> String {
    let mut text = serde_json::to_string_pretty(reports).unwrap_or_default();
    text.push('\n');
    text
}
