//! Every death with its evidence, each folded.

use maud::{Markup, html};

use super::super::circumstances::{circumstances, deaths, heading};
use super::super::escape::last_lines;
use super::super::gathered;
use super::{facts, text, wide};
use crate::event::Output;
use crate::gathered::Crash;
use crate::report::{Attempt, Report};
use crate::verdict::Verdict;
use crate::words::{counted, size};

const MOST: usize = 10;
const LOG_LINES: usize = 60;
const COLUMNS: usize = 400;
const MOST_FRAMES: usize = 64;

pub fn section(report: &Report) -> Markup {
    let dead = deaths(report);
    if dead.is_empty() {
        return html! {};
    }
    let more = dead.len().saturating_sub(MOST);
    html! {
        section aria-labelledby="evidence" {
            h2 #evidence { "The evidence" }
            @for (case, attempt) in dead.iter().take(MOST) { (death(case, attempt)) }
            @if more > 0 {
                p { (counted(more, "further attempt")) " did not survive: see report.json." }
            }
            (crashes(report))
        }
    }
}

fn death(case: &str, attempt: &Attempt) -> Markup {
    let heading = heading(attempt);
    let mut rows = circumstances(attempt);
    rows.extend(
        attempt
            .signature
            .iter()
            .map(|it| ("signature", it.to_string())),
    );
    let gathered = attempt.gathered.as_ref().map(gathered::facts);
    let crash = attempt.gathered.as_ref().and_then(|it| it.crash.as_ref());
    html! {
        article {
            h3 { (heading) ": " (text(case)) ", attempt " (attempt.n) }
            (facts(rows))
            @if let Some(verdict) = &attempt.verdict { (why(verdict)) }
            @if let Some(rows) = gathered.filter(|rows| !rows.is_empty()) {
                details { summary { "What was gathered about its ending" } (facts(rows)) }
            }
            @if let Some(crash) = crash { (stack(crash, &attempt.folder)) }
            (log("error output", "stderr.log", attempt.stderr.as_ref(), attempt))
            (log("output", "stdout.log", attempt.stdout.as_ref(), attempt))
        }
    }
}

fn why(verdict: &Verdict) -> Markup {
    html! {
        p { "Why: " strong { (verdict.class) } " (" (verdict.confidence) "). " (text(&verdict.action)) }
        @for evidence in &verdict.evidence {
            details {
                summary { "Evidence from " (text(&evidence.source)) }
                p .evidence { (text(&evidence.text)) }
            }
        }
        @if !verdict.ruled_out.is_empty() {
            details {
                summary { "Ruled out (" (verdict.ruled_out.len()) ")" }
                ul {
                    @for other in &verdict.ruled_out {
                        li { (other.class) ": " (text(&other.because)) }
                    }
                }
            }
        }
    }
}

fn stack(crash: &Crash, folder: &str) -> Markup {
    let frames: Vec<String> = (0..)
        .zip(&crash.frames)
        .map(|(n, frame): (usize, _)| format!("{n:>2}  {frame}"))
        .collect();
    html! {
        details {
            summary { "The stack of the thread that crashed" }
            p { "Thread " (text(crash.thread.as_deref().unwrap_or("without a name"))) ":" }
            pre tabindex="0" { (last_lines(&frames.join("\n"), MOST_FRAMES, COLUMNS)) }
            @if let Some(minidump) = &crash.minidump {
                p { "All threads are in the minidump, " code { (text(&format!("{folder}/{minidump}"))) } "." }
            }
            @for failure in &crash.failures { p { "Not had: " (text(failure)) "." } }
        }
    }
}

/// The end of what it printed; the whole is in a file.
fn log(what: &str, file: &str, output: Option<&Output>, attempt: &Attempt) -> Markup {
    let Some(output) = output.filter(|it| !it.tail.trim().is_empty()) else {
        return html! {};
    };
    html! {
        details {
            summary { "The end of its " (what) " (" (size(output.bytes)) ")" }
            p { "The whole is in " code { (text(&format!("{}/{file}", attempt.folder))) } "." }
            pre tabindex="0" { (last_lines(&output.tail, LOG_LINES, COLUMNS)) }
        }
    }
}

fn crashes(report: &Report) -> Markup {
    if report.crashes.is_empty() {
        return html! {};
    }
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "signature" } th scope="col" { "what" } th scope="col" { "attempts" }
                th scope="col" { "in triage" } th scope="col" { "first seen" }
            } }
            tbody {
                @for crash in report.crashes.iter().take(MOST) {
                    tr {
                        th scope="row" { (text(&crash.signature.id)) }
                        td { (text(&crash.signature.text)) }
                        td { (crash.attempts) } td { (crash.in_triage) }
                        td { (text(&crash.first)) }
                    }
                }
            }
        }
    };
    let more = report.crashes.len().saturating_sub(MOST);
    html! {
        h3 { "Crashes by signature" }
        (wide("Crashes by signature", &table))
        @if more > 0 { p { "and " (more) " more in report.json" } }
    }
}
