//! A report for people and for programs.
//!
//! Whatever a dying program printed, or a file is called, may stand in a report: every renderer makes
//! such text harmless before it shows it.

mod checkup;
mod circumstances;
pub mod comparison;
mod diagnosis;
mod env;
mod escape;
mod explanation;
mod frame;
mod gate;
mod gathered;
mod github;
mod guide;
pub mod history;
mod html;
mod json;
mod junit;
mod lint;
mod markdown;
mod measured;
mod page;
mod recovery;
mod rung;
mod sarif;
mod sheet;
mod surroundings;
mod terminal;
mod validation;

pub use checkup::{checkup, checkup_json};
pub use diagnosis::{diagnosis, diagnosis_json};
pub use env::{env_diff, env_diff_json};
pub use explanation::{explanation_list, explanations, explanations_json};
pub use gate::{gate, gate_json, gate_markdown};
pub use github::{annotations, cut_to};
pub use guide::guide;
pub use html::html;
pub use json::{json, json_list};
pub use junit::junit;
pub use lint::{lint, lint_json, mistake, mistake_list};
pub use markdown::markdown;
pub use sarif::sarif;
pub use terminal::terminal;

/// One line without anything that a terminal would obey.
pub fn plain_line(text: &str) -> String {
    escape::plain(text, LONGEST_LINE)
}

const LONGEST_LINE: usize = 500;
pub use validation::{validation_html, validation_markdown};
