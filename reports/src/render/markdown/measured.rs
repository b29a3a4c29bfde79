//! Times, memory, and the crash rate with what may be claimed of it.

use super::super::measured;
use super::table::Table;
use super::text;
use crate::report::Report;
use crate::words::number;

pub fn section(report: &Report) -> String {
    let mut table = Table::new(&["", "median", "p95", "max", "n"]);
    for (name, spread) in measured::spreads(report) {
        table.row(vec![
            name.to_owned(),
            number(spread.median),
            number(spread.p95),
            number(spread.max),
            spread.n.to_string(),
        ]);
    }
    let mut section = String::new();
    if !table.is_empty() {
        section += &format!("{table}\n");
    }
    for line in measured::lines(report) {
        section += &format!("- {}\n", text(&line));
    }
    if section.is_empty() {
        return section;
    }
    format!("## Measured\n\n{section}\n")
}
