//! Times, memory, and the crash rate with what may be claimed of it.

use maud::{Markup, html};

use super::super::measured;
use super::text;
use crate::report::Report;
use crate::words::number;

pub fn section(report: &Report) -> Markup {
    let lines = measured::lines(report);
    let mut spreads = measured::spreads(report).peekable();
    if lines.is_empty() && spreads.peek().is_none() {
        return html! {};
    }
    html! {
        section aria-labelledby="measured" {
            h2 #measured { "Measured" }
            @if spreads.peek().is_some() {
                table .numbers {
                    thead { tr {
                        th scope="col" { "what" } th scope="col" { "median" } th scope="col" { "p95" }
                        th scope="col" { "max" } th scope="col" { "n" }
                    } }
                    tbody {
                        @for (name, spread) in spreads {
                            tr {
                                th scope="row" { (name) }
                                td { (number(spread.median)) } td { (number(spread.p95)) }
                                td { (number(spread.max)) } td { (spread.n) }
                            }
                        }
                    }
                }
            }
            ul { @for line in lines { li { (text(&line)) } } }
        }
    }
}
