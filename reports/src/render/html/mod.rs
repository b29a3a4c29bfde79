//! `report.html`: the whole report in one file that asks for nothing else, for a screen of any size
//! and for paper.
//!
//! Foreign text gets in through maud alone, which escapes it, and nothing runs but the script whose
//! hash the page itself names.

mod chart;
mod death;
mod images;
mod ladder;
mod measured;
mod opening;
mod page;
mod series;
mod surroundings;
mod suspects;
mod time_line;

use maud::{Markup, html};

use super::escape::plain;
use crate::report::Report;
pub use page::page;

/// Foreign text within a line is cut here.
const LONGEST: usize = 2000;

pub fn html(report: &Report) -> String {
    let title = opening::sentence(report);
    let body = html! {
        (opening::section(report))
        (ladder::section(report))
        (time_line::section(report))
        (measured::section(report))
        (images::section(report))
        (suspects::section(report))
        (death::section(report))
        (surroundings::section(report))
    };
    page(&title, &body)
}

/// One line of foreign text, harmless; maud escapes it for HTML.
fn text(foreign: &str) -> String {
    plain(foreign, LONGEST)
}

/// A table that scrolls by itself where the screen is too narrow for it.
fn wide(label: &str, table: &Markup) -> Markup {
    html! {
        div .wide role="region" aria-label=(label) tabindex="0" { (table) }
    }
}

/// Two columns: what it is, and what is known of it.
fn facts<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> Markup {
    html! {
        table .facts {
            tbody {
                @for (name, fact) in rows {
                    tr { th scope="row" { (text(name)) } td { (text(&fact)) } }
                }
            }
        }
    }
}
