//! The usual suspects: supported, ruled out or not tested, each with its numbers.

use maud::{Markup, html};
use serde_json::Value;

use super::super::escape::last_lines;
use super::text;
use crate::report::{Report, Suspect, SuspectFinding};
use crate::words::size;

const COMMANDS: usize = 10;
/// A command that is cut cannot be pasted.
const COMMAND_COLUMNS: usize = 4000;

pub fn section(report: &Report) -> Markup {
    if report.differential.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="suspects" {
            h2 #suspects { "The usual suspects" }
            table .suspects {
                thead { tr {
                    th scope="col" { "suspect" } th scope="col" { "finding" } th scope="col" { "because" }
                } }
                tbody { @for suspect in &report.differential { (row(suspect)) } }
            }
            @for suspect in &report.differential {
                @for experiment in &suspect.experiments {
                    p {
                        "What would decide on " (name(suspect)) ": " (text(&experiment.what))
                    }
                    pre tabindex="0" {
                        (last_lines(&experiment.commands.join("\n"), COMMANDS, COMMAND_COLUMNS))
                    }
                }
            }
        }
    }
}

fn row(suspect: &Suspect) -> Markup {
    let (class, words) = match suspect.finding {
        SuspectFinding::Supported => ("bad", "supported"),
        SuspectFinding::RuledOut => ("good", "ruled out"),
        SuspectFinding::NotTested => ("open", "not tested"),
    };
    html! {
        tr {
            th scope="row" { (name(suspect)) }
            td .(class) { (words) }
            td {
                (text(&suspect.because))
                @if !suspect.numbers.is_empty() {
                    ul .pairs {
                        @for (name, value) in &suspect.numbers {
                            li { (number(name, value)) }
                        }
                    }
                }
            }
        }
    }
}

/// Bytes in the unit that suits them; everything else as it is recorded.
fn number(name: &str, value: &Value) -> Markup {
    let bytes = name.strip_suffix("_bytes").zip(value.as_u64());
    let (name, value) = match (bytes, value) {
        (Some((name, bytes)), _) => (name, size(bytes)),
        (None, Value::String(value)) => (name, value.clone()),
        (None, value) => (name, value.to_string()),
    };
    html! { (text(&name.replace('_', " "))) " " b { (text(&value)) } }
}

fn name(suspect: &Suspect) -> String {
    text(&suspect.suspect.replace('_', " "))
}
