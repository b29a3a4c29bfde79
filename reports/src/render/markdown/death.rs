//! Where it died, how, and why; and what this says about the usual suspects.

use super::super::circumstances::{circumstances, deaths, heading};
use super::super::escape::{block, inline};
use super::table::Table;
use super::text;
use crate::gathered::Crash;
use crate::report::{Attempt, Report, SuspectFinding};
use crate::words::size;

/// Every attempt that did not survive and was not told to stop, up to this many.
const MOST: usize = 10;
const STDERR_LINES: usize = 15;
const STDERR_COLUMNS: usize = 200;
const MOST_FRAMES: usize = 64;
const FRAME_COLUMNS: usize = 200;
const EXPERIMENT_COLUMNS: usize = 600;
const COMMANDS: usize = 10;
/// A command that is cut cannot be pasted.
const COMMAND_COLUMNS: usize = 4000;

pub fn section(report: &Report) -> String {
    let dead = deaths(report);
    let mut section = String::new();
    for (case, attempt) in dead.iter().take(MOST) {
        section += &death(case, attempt);
    }
    if dead.len() > MOST {
        section += &format!(
            "{} further attempts did not survive: see report.json.\n\n",
            dead.len() - MOST
        );
    }
    section
}

fn death(case: &str, attempt: &Attempt) -> String {
    let heading = heading(attempt);
    let mut part = format!("## {heading}: {}, attempt {}\n\n", text(case), attempt.n);
    let mut facts: Vec<(&str, String)> = circumstances(attempt)
        .into_iter()
        .map(|(name, fact)| (name, text(&fact)))
        .collect();
    if let Some(verdict) = &attempt.verdict {
        let class = text(&verdict.class.to_string());
        facts.push((
            "why",
            match verdict.class {
                crate::Class::Unknown => "unknown: the evidence does not decide".to_owned(),
                _ => format!("**{class}** ({})", verdict.confidence),
            },
        ));
        for evidence in &verdict.evidence {
            facts.push((
                "evidence",
                format!("{}: {}", text(&evidence.source), text(&evidence.text)),
            ));
        }
        for other in &verdict.ruled_out {
            let class = text(&other.class.to_string());
            facts.push(("ruled out", format!("{class}: {}", text(&other.because))));
        }
        facts.push(("to do", text(&verdict.action)));
    }
    if let Some(gathered) = &attempt.gathered {
        for (name, fact) in super::super::gathered::facts(gathered) {
            facts.push((name, text(&fact)));
        }
    }
    if let Some(signature) = &attempt.signature {
        facts.push(("signature", text(&signature.to_string())));
    }
    let mut table = Table::new(&["", ""]);
    for (name, value) in facts {
        table.row(vec![name.to_owned(), value]);
    }
    part += &format!("{table}\n");
    let crash = attempt.gathered.as_ref().and_then(|it| it.crash.as_ref());
    part += &crash.map_or_else(String::new, |crash| stack(crash, &attempt.folder));
    if let Some(stderr) = attempt
        .stderr
        .as_ref()
        .filter(|it| !it.tail.trim().is_empty())
    {
        let log = text(&format!("{}/stderr.log", attempt.folder));
        part += &format!(
            "The end of its error output ({} in {log}):\n\n{}\n",
            size(stderr.bytes),
            block(&stderr.tail, STDERR_LINES, STDERR_COLUMNS)
        );
    }
    part
}

fn stack(crash: &Crash, folder: &str) -> String {
    let frames: Vec<String> = (0..)
        .zip(&crash.frames)
        .map(|(n, frame): (usize, _)| format!("{n:>2}  {frame}"))
        .collect();
    let thread = crash.thread.as_deref().unwrap_or("without a name");
    // Foreign text has no place in the summary: Markdown's escapes do not hold in HTML.
    let mut part = format!(
        "<details><summary>The stack of the thread that crashed</summary>\n\nThread {}:\n\n{}\n",
        text(thread),
        block(&frames.join("\n"), MOST_FRAMES, FRAME_COLUMNS)
    );
    if let Some(minidump) = &crash.minidump {
        let path = text(&format!("{folder}/{minidump}"));
        part += &format!("All threads are in the minidump, {path}.\n\n");
    }
    for failure in &crash.failures {
        part += &format!("Not had: {}.\n\n", text(failure));
    }
    part + "</details>\n\n"
}

pub fn crashes(report: &Report) -> String {
    if report.crashes.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["signature", "what", "attempts", "in triage", "first seen"]);
    for crash in report.crashes.iter().take(MOST) {
        table.row(vec![
            crash.signature.id.clone(),
            text(&crash.signature.text),
            crash.attempts.to_string(),
            crash.in_triage.to_string(),
            text(&crash.first),
        ]);
    }
    let more = report.crashes.len().saturating_sub(MOST);
    let more = match more {
        0 => String::new(),
        _ => format!("and {more} more in report.json\n\n"),
    };
    format!("## Crashes by signature\n\n{table}\n{more}")
}

pub fn differential(report: &Report) -> String {
    if report.differential.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["suspect", "finding", "because", "numbers"]);
    for suspect in &report.differential {
        let finding = match suspect.finding {
            SuspectFinding::Supported => "**supported**",
            SuspectFinding::RuledOut => "ruled out",
            SuspectFinding::NotTested => "not tested",
        };
        let numbers: Vec<String> = suspect
            .numbers
            .iter()
            .map(|(name, value)| text(&format!("{name} {value}")))
            .collect();
        table.row(vec![
            text(&suspect.suspect.replace('_', " ")),
            finding.to_owned(),
            text(&suspect.because),
            numbers.join(", "),
        ]);
    }
    let mut section = format!("## The usual suspects\n\n{table}\n");
    for suspect in &report.differential {
        for experiment in &suspect.experiments {
            section += &format!(
                "What would decide on {}: {}\n\n{}\n",
                text(&suspect.suspect.replace('_', " ")),
                inline(&experiment.what, EXPERIMENT_COLUMNS),
                block(&experiment.commands.join("\n"), COMMANDS, COMMAND_COLUMNS)
            );
        }
    }
    section
}
