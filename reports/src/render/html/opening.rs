//! What came of the run, where it died, why, and what to do: the part that is read first.

use maud::{Markup, html};

use super::super::circumstances;
use super::super::recovery::{ended_by, when};
use super::{facts, text, wide};
use crate::Class;
use crate::outcome::Outcome;
use crate::recovery::Recovery;
use crate::report::{Attempt, Report, Reproduction};
use crate::words::duration;

const MOST_FINDINGS: usize = 40;
const MOST_REPRODUCTIONS: usize = 10;

/// With a capital, as a heading wants it.
pub fn sentence(report: &Report) -> String {
    let headline = text(&report.summary.headline);
    let mut letters = headline.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "A run without a headline".to_owned(),
    }
}

pub fn section(report: &Report) -> Markup {
    let dead = first_death(report);
    html! {
        header .opening.(state(report)) {
            p .state { (state_in_words(report)) }
            h1 { (sentence(report)) }
            p .run { (run(report)) }
            @if let Some(fault) = report.run.settings.as_ref().and_then(|it| it.inject.as_ref()) {
                p { "A fault was injected on purpose: " code { (text(fault)) } "." }
            }
            @if let Some(attempt) = dead { (verdict(attempt)) }
            @for found in report.reproductions.iter().take(MOST_REPRODUCTIONS) { (again(found)) }
        }
        @if let Some(recovery) = &report.recovery { (recovered(recovery)) }
        (findings(report))
        (preflight(report))
    }
}

fn first_death(report: &Report) -> Option<&Attempt> {
    let attempts = report.cases.iter().flat_map(|case| &case.attempts);
    attempts
        .filter(|it| it.counts() && it.outcome != Outcome::Survived)
        .min_by_key(|it| (!it.crashed(), it.number))
}

/// A class of the style.
fn state(report: &Report) -> &'static str {
    let attempts = || report.cases.iter().flat_map(|case| &case.attempts);
    let summary = &report.summary;
    if attempts().any(|it| it.counts() && it.crashed()) {
        "bad"
    } else if summary.attempts > 0
        && summary.attempts == summary.attempts_survived
        && report.run.complete
        && report.findings.is_empty()
    {
        "good"
    } else {
        "open"
    }
}

fn state_in_words(report: &Report) -> &'static str {
    match state(report) {
        "bad" => "✗ Something died or failed",
        "good" => "✓ Survived",
        _ => "– Not clear, or not finished",
    }
}

fn run(report: &Report) -> String {
    let parts: Vec<String> = circumstances::run(report)
        .iter()
        .map(|it| text(it))
        .collect();
    parts.join(", ") + "."
}

fn verdict(attempt: &Attempt) -> Markup {
    let Some(verdict) = &attempt.verdict else {
        return html! {};
    };
    html! {
        dl .verdict {
            @if let Some(point) = &attempt.crash_point {
                dt { "Where" } dd { (text(&point.place())) }
                @if let Some(file) = &point.file { dt { "Image" } dd { (text(file)) } }
            }
            dt { "How" } dd { (text(&attempt.ending.to_string())) }
            dt { "Why" }
            dd {
                @match verdict.class {
                    Class::Unknown => { "unknown: the evidence does not decide" },
                    class => { strong { (class) } " (" (verdict.confidence) ")" },
                }
            }
            dt { "To do" } dd { (text(&verdict.action)) }
        }
    }
}

fn again(found: &Reproduction) -> Markup {
    html! {
        p { strong { "Tried again: " } (text(&found.case)) ": " (text(&found.conclusion)) "." }
    }
}

fn recovered(recovery: &Recovery) -> Markup {
    let mut rows = vec![("ended by", ended_by(recovery)), ("when", when(recovery))];
    let slept = recovery.slept_seconds;
    rows.extend(slept.map(|it| ("asleep", format!("the machine slept for {}", duration(it)))));
    for evidence in &recovery.evidence {
        rows.push((
            "evidence",
            format!("{}: {}", evidence.source, evidence.text),
        ));
    }
    let sources = html! {
        table {
            thead { tr {
                th scope="col" { "source" } th scope="col" { "state" }
                th scope="col" { "what it said, or why not" } th scope="col" { "how to have it next time" }
            } }
            tbody {
                @for source in &recovery.sources {
                    tr {
                        th scope="row" { (text(&source.source)) }
                        td { (source.state.words()) }
                        td { (text(&source.because)) }
                        td { (text(source.remedy.as_deref().unwrap_or_default())) }
                    }
                }
            }
        }
    };
    html! {
        section aria-labelledby="recovered" {
            h2 #recovered { "What ended the run" }
            (facts(rows))
            details { summary { "What was asked" } (wide("What was asked", &sources)) }
        }
    }
}

fn preflight(report: &Report) -> Markup {
    if report.preflight.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="preflight" {
            h2 #preflight { "Known mistakes, seen before the run" }
            ul {
                @for finding in &report.preflight {
                    @let severity: &str = finding.severity.into();
                    li {
                        (severity) " " code { (text(&finding.rule)) } ", "
                        (text(&finding.file)) ":" (finding.line) ": " (text(&finding.message))
                        details { summary { "Why, and what to do" } p { (text(&finding.why)) } p { (text(&finding.fix)) } }
                    }
                }
            }
        }
    }
}

fn findings(report: &Report) -> Markup {
    if report.findings.is_empty() {
        return html! {};
    }
    let more = report.findings.len().saturating_sub(MOST_FINDINGS);
    html! {
        section aria-labelledby="findings" {
            h2 #findings { "Findings" }
            ul {
                @for finding in report.findings.iter().take(MOST_FINDINGS) {
                    li {
                        (text(&finding.case)) ", attempt " (finding.attempt) ": " (text(&finding.what))
                        " (" (finding.verdict.class) ", " (finding.verdict.confidence) ")"
                    }
                }
                @if more > 0 { li { "and " (more) " more in report.json" } }
            }
        }
    }
}
