//! `crashpoint fault --list`: every fault with what it must come to.

use crashpoint_scenarios::fault::{Expectation, Fault};
use serde::Serialize;

use super::super::finish::print;
use crate::exit_code;
use crate::failure::Failure;

#[derive(Debug, Serialize)]
struct Row {
    name: Fault,
    does: &'static str,
    expected: Expectation,
}

pub fn list(json: bool) -> Result<u8, Failure> {
    let rows = Fault::ALL.iter().map(|&fault| Row {
        name: fault,
        does: fault.describe(),
        expected: fault.expectation(),
    });
    if json {
        let rows: Vec<Row> = rows.collect();
        let text = serde_json::to_string_pretty(&rows).map_err(Failure::harness)?;
        print(&(text + "\n"))?;
    } else {
        print(&table(rows))?;
    }
    Ok(exit_code::OK)
}

fn table(rows: impl Iterator<Item = Row>) -> String {
    let heading = ["fault", "what it does", "how it ends", "class", "needs"].map(str::to_owned);
    let mut lines = vec![heading];
    lines.extend(rows.map(|row| {
        let classes: Vec<String> = row
            .expected
            .classes
            .iter()
            .map(ToString::to_string)
            .collect();
        [
            row.name.name().to_owned(),
            row.does.to_owned(),
            row.expected.how(),
            classes.join(" or "),
            row.expected.needs.to_string(),
        ]
    }));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(String::len).max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    lines
        .iter()
        .map(|line| {
            let cells: Vec<String> = line
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}
