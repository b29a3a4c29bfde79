//! What ended the run, by which evidence, and what could not be asked.

use super::super::recovery::{ended_by, when};
use super::table::Table;
use super::text;
use crate::report::Report;
use crate::words::duration;

pub fn section(report: &Report) -> String {
    let Some(recovery) = &report.recovery else {
        return String::new();
    };
    let mut table = Table::new(&["", ""]);
    let mut fact = |name: &str, value: &str| table.row(vec![name.to_owned(), text(value)]);
    fact("ended by", &ended_by(recovery));
    fact("when", &when(recovery));
    if let Some(slept) = recovery.slept_seconds {
        fact(
            "asleep",
            &format!("the machine slept for {}", duration(slept)),
        );
    }
    for evidence in &recovery.evidence {
        fact(
            "evidence",
            &format!("{}: {}", evidence.source, evidence.text),
        );
    }
    let mut sources = Table::new(&[
        "source",
        "",
        "what it said, or why not",
        "how to have it next time",
    ]);
    for source in &recovery.sources {
        sources.row(vec![
            text(&source.source),
            source.state.words().to_owned(),
            text(&source.because),
            text(source.remedy.as_deref().unwrap_or_default()),
        ]);
    }
    format!("## What ended the run\n\n{table}\nWhat was asked:\n\n{sources}\n")
}
