//! How to do it again, what it ran on, and what became of the record.

use maud::{Markup, html};

use super::super::escape::last_lines;
use super::super::surroundings::{environment, record, settings};
use super::{facts, text, wide};
use crate::report::{Report, Reproduction, TriedInput};
use crate::words::{percent, shell};

const MOST: usize = 10;
const MOST_TRIED: usize = 40;
/// A list of images is cut here.
const IMAGES: usize = 12;
const COMMAND_COLUMNS: usize = 4000;

pub fn section(report: &Report) -> Markup {
    html! {
        (reproduce(report))
        @if let Some(known) = &report.environment {
            section aria-labelledby="environment" {
                h2 #environment { "Environment" }
                (facts(environment(known).iter().map(|(name, value)| (name.as_str(), value.clone()))))
            }
        }
        (the_record(report))
    }
}

fn reproduce(report: &Report) -> Markup {
    let settings: Vec<String> = settings(report).iter().map(|it| text(it)).collect();
    html! {
        section aria-labelledby="reproduce" {
            h2 #reproduce { "To do it again" }
            @for found in report.reproductions.iter().take(MOST) { (one(found)) }
            @if let Some(header) = &report.run.header {
                p { "The whole run:" }
                (command(&shell(&header.command)))
                @if let Some(folder) = &header.working_folder { p { "in the folder " code { (text(folder)) } } }
            }
            @if !settings.is_empty() { p { "Settings: " (settings.join(", ")) "." } }
        }
    }
}

fn command(line: &str) -> Markup {
    html! { pre tabindex="0" { (last_lines(line, 1, COMMAND_COLUMNS)) } }
}

fn one(found: &Reproduction) -> Markup {
    html! {
        h3 { (text(&found.case)) }
        p { "Crash " (text(&found.signature.id)) ": " (text(&found.conclusion)) "." }
        @if found.same.n > 1 {
            p {
                "As it was planned it ended so in " (found.same.events) " of " (found.same.n)
                " attempts, the first crash among them; 95% interval (two-sided, exact) "
                (percent(found.same.interval.low)) " to " (percent(found.same.interval.high))
                ". This is the case's own rate: attempts that were made because of a crash are in no number of the run."
            }
        }
        @if let Some(run) = &found.diagnostic {
            p {
                "With the GPU made to tell more: " (run.outcome) ", "
                @if run.same { "the same crash" } @else { "not the same crash" }
                "; what it left is in " code { (text(&run.folder)) } "."
            }
        }
        @if let Some(line) = found.smallest.as_ref().and_then(|it| it.command.as_ref()) {
            p { "The smallest that was seen to end so:" }
            (command(line))
        }
        @if !found.tried.is_empty() {
            details { summary { "What smaller inputs came to" } (wide("Smaller inputs", &tried(&found.tried))) }
        }
    }
}

fn tried(inputs: &[TriedInput]) -> Markup {
    html! {
        table .numbers {
            thead { tr {
                th scope="col" { "images" } th scope="col" { "new tokens" } th scope="col" { "ended so" }
                th scope="col" { "otherwise" } th scope="col" { "of" }
            } }
            tbody {
                @for input in inputs.iter().take(MOST_TRIED) {
                    tr {
                        th scope="row" { (images(&input.images)) }
                        td { @if let Some(tokens) = input.max_new_tokens { (tokens) } }
                        td { (input.same) } td { (input.otherwise) } td { (input.of) }
                    }
                }
            }
        }
    }
}

fn images(indices: &[u32]) -> String {
    let named: Vec<String> = indices.iter().take(IMAGES).map(u32::to_string).collect();
    let more = indices.len().saturating_sub(IMAGES);
    match more {
        0 => named.join(", "),
        _ => format!("{} and {more} more", named.join(", ")),
    }
}

fn the_record(report: &Report) -> Markup {
    let (sentence, lines) = record(report);
    html! {
        section aria-labelledby="record" {
            h2 #record { "The record" }
            p { (sentence) }
            @if !lines.is_empty() { ul { @for line in &lines { li { (text(line)) } } } }
        }
    }
}
