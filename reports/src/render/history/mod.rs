//! Many runs as a table, a page with curves, JSON, and as node_exporter reads them.

mod html;
mod prometheus;
mod text;

pub use html::html;
pub use prometheus::prometheus;
pub use text::text;

use crate::history::History;

pub fn json(history: &History) -> String {
    let mut text = serde_json::to_string_pretty(history).unwrap_or_default();
    text.push('\n');
    text
}
