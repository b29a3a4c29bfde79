//! The JSON Schemas of what other programs read, made from the types that write it.

use schemars::{JsonSchema, schema_for};

use crate::lint::Lint;
use crate::report::Report;

/// A schema, and the file in `schema/` that it is committed as.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    pub file: &'static str,
    pub text: fn() -> String,
}

pub const ALL: [Document; 2] = [
    Document {
        file: "report-1.schema.json",
        text: schema,
    },
    Document {
        file: "lint-1.schema.json",
        text: text::<Lint>,
    },
];

/// Of `report.json`.
pub fn schema() -> String {
    text::<Report>()
}

/// As it is committed: indented, with a newline at its end.
fn text<T: JsonSchema>() -> String {
    let schema = schema_for!(T);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
