//! The JSON Schema of `report.json`, made from the types that write it.

use crate::report::Report;

/// As it is committed in `schema/report-1.schema.json`: indented, with a newline at its end.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Report);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
