//! What a case came to, as JUnit tells it. A crash, a hang and a broken budget are failures; what is
//! the harness's or the environment's is an error; what was not tried is skipped.
//!
//! A case that died in some attempts and survived others is flaky. It is marked as nextest marks a
//! flaky test that counts as failed, with a `failure` and a `flakyFailure` for each attempt: a crash
//! that comes sometimes is no success.

use super::super::circumstances::circumstances;
use super::super::escape::last_lines;
use super::element::Element;
use super::text;
use crate::ending::EndingKind;
use crate::event::Purpose;
use crate::outcome::Outcome;
use crate::report::{Attempt, Case, Report};
use crate::words::counted;

/// Further attempts that are told one by one.
const MOST: usize = 20;
const LOG_LINES: usize = 40;
const COLUMNS: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Failure,
    Error,
    Skipped,
    /// Of a further attempt, or something printed: counts for nothing.
    Beside,
}

pub struct Seen {
    pub kind: Kind,
    name: &'static str,
    /// The attribute `type`.
    sort: String,
    message: String,
    body: String,
    printed: String,
}

impl Seen {
    fn of(kind: Kind, name: &'static str, sort: &str, message: &str) -> Seen {
        Seen {
            kind,
            name,
            sort: text(sort),
            message: text(message),
            body: String::new(),
            printed: String::new(),
        }
    }

    pub fn error(sort: &str, message: &str) -> Seen {
        Seen::of(Kind::Error, "error", sort, message)
    }

    /// On its standard error.
    pub fn printed(printed: &str) -> Seen {
        Seen {
            body: last_lines(printed, LOG_LINES, COLUMNS),
            ..Seen::of(Kind::Beside, "system-err", "", "")
        }
    }

    pub fn element(&self) -> Element {
        let element = Element::new(self.name);
        if self.name == "system-err" {
            return element.text(&self.body);
        }
        let mut element = element
            .with("message", &self.message)
            .with("type", &self.sort);
        if self.kind != Kind::Beside {
            return if self.body.is_empty() {
                element
            } else {
                element.text(&self.body)
            };
        }
        element.push(Element::new("stackTrace").text(&self.body));
        if !self.printed.is_empty() {
            element.push(Element::new("system-err").text(&self.printed));
        }
        element
    }
}

pub fn seen(case: &Case, report: &Report) -> Vec<Seen> {
    let mut alike: Vec<&Attempt> = case.attempts.iter().filter(|it| is_alike(it)).collect();
    alike.sort_by_key(|attempt| attempt.number);
    if !alike.iter().any(|attempt| attempt.counts()) {
        return vec![not_tried(case, report)];
    }
    let bad: Vec<&Attempt> = alike.iter().copied().filter(|it| !survived(it)).collect();
    let Some((first, further)) = bad.split_first() else {
        return found(case, report).into_iter().collect();
    };
    let flaky = bad.len() < alike.len();
    let mut seen = vec![the_first(first, flaky.then_some((bad.len(), alike.len())))];
    // Of a flaky one every attempt that ended so is told again, the first one too.
    let further = if flaky { &bad[..] } else { further };
    seen.extend(further.iter().take(MOST).map(|it| a_further(it, flaky)));
    if let Some(printed) = printed(first) {
        seen.push(Seen::printed(printed));
    }
    seen
}

/// As it was planned: on purpose with less or under other conditions tells nothing of the case.
fn is_alike(attempt: &Attempt) -> bool {
    attempt.counts() || attempt.purpose == Purpose::Repeat
}

fn survived(attempt: &Attempt) -> bool {
    attempt.outcome == Outcome::Survived
}

fn printed(attempt: &Attempt) -> Option<&str> {
    let tail = &attempt.stderr.as_ref()?.tail;
    (!tail.trim().is_empty()).then_some(tail)
}

fn not_tried(case: &Case, report: &Report) -> Seen {
    let because = match &case.skipped {
        Some(because) => because.as_str(),
        None if report.run.complete => "it was not tried",
        None => "it has not been tried yet",
    };
    Seen::of(Kind::Skipped, "skipped", "not tried", because)
}

/// Something worth saying without a death.
fn found(case: &Case, report: &Report) -> Option<Seen> {
    let mut findings = report.findings.iter().filter(|it| it.case == case.name);
    let first = findings.next()?;
    let mut body: String = std::iter::once(first)
        .chain(findings)
        .take(MOST)
        .map(|it| {
            format!(
                "attempt {}: {} ({})\n",
                it.attempt, it.what, it.verdict.class
            )
        })
        .collect();
    body += &first.verdict.action;
    Some(Seen {
        body: last_lines(&body, MOST + 1, COLUMNS),
        ..Seen::of(
            Kind::Failure,
            "failure",
            &first.verdict.class.to_string(),
            &first.what,
        )
    })
}

fn the_first(attempt: &Attempt, flaky: Option<(usize, usize)>) -> Seen {
    let (kind, name) = match is_error(attempt) {
        true => (Kind::Error, "error"),
        false => (Kind::Failure, "failure"),
    };
    let mut message = message(attempt);
    if let Some((bad, all)) = flaky {
        message = format!("flaky, {bad} of {}: {message}", counted(all, "attempt"));
    }
    Seen {
        body: body(attempt),
        ..Seen::of(kind, name, sort(attempt), &message)
    }
}

fn a_further(attempt: &Attempt, flaky: bool) -> Seen {
    let name = match (flaky, is_error(attempt)) {
        (true, true) => "flakyError",
        (true, false) => "flakyFailure",
        (false, true) => "rerunError",
        (false, false) => "rerunFailure",
    };
    Seen {
        body: body(attempt),
        printed: printed(attempt).map_or_else(String::new, |it| last_lines(it, LOG_LINES, COLUMNS)),
        ..Seen::of(Kind::Beside, name, sort(attempt), &message(attempt))
    }
}

/// It tells nothing of what was to be tested.
fn is_error(attempt: &Attempt) -> bool {
    let refused = attempt.error.as_ref().is_some_and(|error| error.refused);
    attempt.spawn_error.is_some() || refused || attempt.outcome == Outcome::Incomplete
}

/// In a word how it ended.
fn sort(attempt: &Attempt) -> &'static str {
    if is_error(attempt) {
        return match attempt.outcome {
            Outcome::Incomplete => "incomplete",
            _ => "environment",
        };
    }
    match attempt.ending.kind {
        EndingKind::Exit => "failed",
        EndingKind::Signal => "crash",
        EndingKind::Timeout => "hang",
        EndingKind::Budget => "budget",
        EndingKind::Unkillable => "unkillable",
        EndingKind::MachineGone => "machine gone",
        EndingKind::Unreported => "unreported",
    }
}

fn message(attempt: &Attempt) -> String {
    let mut message = attempt.ending.to_string();
    if let Some(point) = &attempt.crash_point {
        message += &format!(" in {}", point.place());
    }
    if let Some(verdict) = &attempt.verdict {
        message += &format!(": {} ({})", verdict.class, verdict.confidence);
    }
    message
}

fn body(attempt: &Attempt) -> String {
    let mut lines: Vec<String> = circumstances(attempt)
        .into_iter()
        .map(|(name, fact)| format!("{name}: {}", text(&fact)))
        .collect();
    if let Some(verdict) = &attempt.verdict {
        lines.push(format!("why: {} ({})", verdict.class, verdict.confidence));
        for evidence in &verdict.evidence {
            lines.push(text(&format!(
                "evidence, {}: {}",
                evidence.source, evidence.text
            )));
        }
        lines.push(format!("to do: {}", text(&verdict.action)));
    }
    lines.extend(
        attempt
            .signature
            .iter()
            .map(|it| format!("signature: {}", text(&it.to_string()))),
    );
    lines.push(format!("output: {}", text(&attempt.folder)));
    lines.join("\n")
}
