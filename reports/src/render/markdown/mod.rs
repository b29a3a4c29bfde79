//! `report.md`: the whole report on a page, for a person or to be pasted into an issue.

mod death;
mod gpus;
mod measured;
mod recovery;
mod reproduction;
mod surroundings;
mod table;

use super::circumstances;
use super::escape::inline;
use super::rung::{Rung, rungs};
use crate::report::Report;
use crate::words::{duration, number};
pub(super) use table::Table;

/// Foreign text within a line is cut here.
const LONGEST: usize = 300;

/// Ends in a newline. Sections that have nothing to say are left out.
pub fn markdown(report: &Report) -> String {
    let mut page = format!("# {}\n\n", sentence(&report.summary.headline));
    page += &opening(report);
    page += &recovery::section(report);
    page += &death::section(report);
    page += &reproduction::section(report);
    page += &death::crashes(report);
    page += &ladder(report);
    page += &measured::section(report);
    page += &death::differential(report);
    page += &findings(report);
    page += &preflight(report);
    page += &gpus::section(report);
    page += &surroundings::section(report);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn text(foreign: &str) -> String {
    inline(foreign, LONGEST)
}

/// With a capital, as a heading wants it.
fn sentence(headline: &str) -> String {
    let escaped = text(headline);
    let mut letters = escaped.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "A run without a headline".to_owned(),
    }
}

fn opening(report: &Report) -> String {
    let parts: Vec<String> = circumstances::run(report)
        .iter()
        .map(|it| text(it))
        .collect();
    let mut opening = format!("{}.\n\n", parts.join(", "));
    if let Some(fault) = report
        .run
        .settings
        .as_ref()
        .and_then(|it| it.inject.as_ref())
    {
        opening += &format!("A fault was injected on purpose: {}.\n\n", text(fault));
    }
    opening
}

fn ladder(report: &Report) -> String {
    let rungs = rungs(report);
    if rungs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        "",
        "rung",
        "what it does",
        "attempts survived",
        "images survived",
        "s/image median",
        "p95",
        "max",
        "total",
    ]);
    for rung in &rungs {
        table.row(cells(rung));
    }
    format!("## Rungs\n\n{table}\n")
}

fn cells(rung: &Rung<'_>) -> Vec<String> {
    let seconds = |pick: fn(&crate::statistics::Spread) -> f64| {
        rung.image_seconds
            .as_ref()
            .map_or_else(String::new, |spread| number(pick(spread)))
    };
    let mut what = text(rung.title);
    if let Some(because) = rung.skipped {
        what += &format!(" (not tried: {})", text(because));
    }
    let of = |part: usize, whole: usize| match whole {
        0 => String::new(),
        _ => format!("{part} of {whole}"),
    };
    vec![
        rung.state.symbol().to_owned(),
        text(rung.name),
        what,
        of(rung.attempts_survived, rung.attempts),
        of(rung.images_survived, rung.images),
        seconds(|spread| spread.median),
        seconds(|spread| spread.p95),
        seconds(|spread| spread.max),
        if rung.attempts == 0 {
            String::new()
        } else {
            duration(rung.seconds)
        },
    ]
}

fn preflight(report: &Report) -> String {
    if report.preflight.is_empty() {
        return String::new();
    }
    let mut list = String::from("## Known mistakes, seen before the run\n\n");
    for finding in &report.preflight {
        let severity: &str = finding.severity.into();
        list += &format!(
            "- {severity} {}, {}: {}. {} {}\n",
            text(&finding.rule),
            text(&format!("{}:{}", finding.file, finding.line)),
            text(&finding.message),
            text(&finding.why),
            text(&finding.fix),
        );
    }
    list + "\n"
}

fn findings(report: &Report) -> String {
    /// A page that nobody reads to its end helps nobody; the rest is in `report.json`.
    const MOST: usize = 40;
    if report.findings.is_empty() {
        return String::new();
    }
    let mut list = String::from("## Findings\n\n");
    for finding in report.findings.iter().take(MOST) {
        list += &format!(
            "- {}, attempt {}: {} ({}, {})\n",
            text(&finding.case),
            finding.attempt,
            text(&finding.what),
            text(&finding.verdict.class.to_string()),
            finding.verdict.confidence,
        );
    }
    let more = report.findings.len().saturating_sub(MOST);
    if more > 0 {
        list += &format!("- and {more} more in report.json\n");
    }
    list + "\n"
}
