//! What was ruled out, what the cause is, and what to do: each as far as the evidence goes.

use super::claim;
use super::document::Document;
use crate::Class;
use crate::outcome::Outcome;
use crate::report::{Attempt, Report, Suspect, SuspectFinding};

const MOST: usize = 5;

pub fn ruled_out(page: &mut Document, report: &Report, crashed: Option<&Report>) {
    page.heading("What was ruled out");
    let of = crashed.unwrap_or(report);
    let rows: Vec<Vec<String>> = of
        .differential
        .iter()
        .filter(|it| it.finding == SuspectFinding::RuledOut)
        .map(|it| {
            vec![
                it.suspect.replace('_', " "),
                it.because.clone(),
                numbers(it),
            ]
        })
        .collect();
    if rows.is_empty() {
        page.say("Nothing: a suspect is ruled out by a crash that it cannot explain, or by what was measured at one.");
        return;
    }
    page.say(format!("By the run {}:", of.run.id));
    page.table(&["suspect", "because", "numbers"], rows);
}

fn numbers(suspect: &Suspect) -> String {
    let numbers = suspect.numbers.iter();
    let all: Vec<String> = numbers
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    all.join(", ")
}

pub fn root_cause(page: &mut Document, report: &Report, crashed: Option<&Report>) {
    page.heading("Root cause");
    let Some(of) = crashed else {
        page.say("No crash was seen, so that this report names no cause.");
        return;
    };
    if !std::ptr::eq(of, report) {
        page.say(format!("From the run before, {}:", of.run.id));
    }
    for supported in &of.differential {
        if supported.finding == SuspectFinding::Supported {
            page.say(format!(
                "Supported: {}: {}",
                supported.suspect.replace('_', " "),
                supported.because
            ));
        }
    }
    for attempt in deaths(of).into_iter().take(MOST) {
        one(page, attempt);
    }
    for found in of.reproductions.iter().take(MOST) {
        page.say(format!(
            "Tried again, {}: {}.",
            found.case, found.conclusion
        ));
    }
}

fn deaths(report: &Report) -> Vec<&Attempt> {
    let attempts = report.cases.iter().flat_map(|case| &case.attempts);
    let mut dead: Vec<&Attempt> = attempts
        .filter(|it| it.counts() && it.outcome != Outcome::Survived)
        .collect();
    dead.sort_by_key(|attempt| attempt.number);
    dead
}

fn one(page: &mut Document, attempt: &Attempt) {
    let place = attempt.crash_point.as_ref().map(|point| point.place());
    page.say(format!(
        "{}: {}.",
        place.unwrap_or_default(),
        attempt.ending
    ));
    let Some(verdict) = &attempt.verdict else {
        return;
    };
    page.say(match verdict.class {
        Class::Unknown => "Why is not known: the evidence does not decide.".to_owned(),
        class => format!("Cause: {class}, {}.", verdict.confidence),
    });
    let evidence = verdict.evidence.iter();
    page.list(
        evidence
            .map(|it| format!("{}: {}", it.source, it.text))
            .collect(),
    );
    let others = verdict.ruled_out.iter();
    page.list(
        others
            .map(|it| format!("not {}: {}", it.class, it.because))
            .collect(),
    );
}

pub fn recommendations(page: &mut Document, report: &Report, crashed: Option<&Report>) {
    page.heading("Recommendations");
    let mut lines: Vec<String> = Vec::new();
    let mut add = |line: String| {
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    for attempt in crashed
        .map(deaths)
        .unwrap_or_default()
        .into_iter()
        .take(MOST)
    {
        if let Some(verdict) = &attempt.verdict {
            add(format!("{}: {}", verdict.class, verdict.action));
        }
    }
    for finding in report.findings.iter().take(MOST) {
        add(format!(
            "{}: {}",
            finding.verdict.class, finding.verdict.action
        ));
    }
    claim::needed(report).into_iter().for_each(&mut add);
    if lines.is_empty() {
        lines.push("None from this run's data.".to_owned());
    }
    page.list(lines);
    for found in crashed
        .map(|it| &it.reproductions[..])
        .unwrap_or_default()
        .iter()
        .take(MOST)
    {
        if let Some(command) = found.smallest.as_ref().and_then(|it| it.command.as_ref()) {
            page.say("The smallest input that was seen to crash:");
            page.code(command.clone());
        }
    }
}
