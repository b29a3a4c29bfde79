//! What it ran on, how to do it again, and what became of the record.

use super::super::escape::block;
use super::super::surroundings::{environment, record, settings};
use super::table::Table;
use super::text;
use crate::report::Report;
use crate::words::shell;

pub fn section(report: &Report) -> String {
    let mut page = String::new();
    if let Some(known) = &report.environment {
        let mut table = Table::new(&["", ""]);
        for (name, value) in environment(known) {
            table.row(vec![name, text(&value)]);
        }
        page += &format!("## Environment\n\n{table}\n");
    }
    page += &reproduce(report);
    let (sentence, lines) = record(report);
    page += &format!("## The record\n\n{sentence}\n\n");
    for line in lines {
        page += &format!("- {}\n", text(&line));
    }
    page
}

fn reproduce(report: &Report) -> String {
    let Some(header) = &report.run.header else {
        return String::new();
    };
    let command = block(&shell(&header.command), 1, 2000);
    let mut part = format!("## To do it again\n\n{command}\n");
    let settings: Vec<String> = settings(report).iter().map(|it| text(it)).collect();
    if !settings.is_empty() {
        part += &format!("Settings: {}.\n\n", settings.join(", "));
    }
    if !report.run.configured.is_empty() {
        let said = report.run.configured.iter();
        let said = said.map(|it| text(&format!("{} from {}", shell(&it.words()), it.from)));
        let said: Vec<String> = said.collect();
        part += &format!("Not on that line: {}.\n\n", said.join(", "));
    }
    part
}
