//! A machine's checkup for people and for programs.

use strum::VariantArray;

use super::page::{BOLD, Page};
use crate::checkup::{Check, Checkup, State, Topic};

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";

pub fn checkup(checkup: &Checkup, columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    let (style, symbol, word) = match (checkup.fit, count(checkup, State::Good)) {
        (false, _) => (RED, "✗", "unfit"),
        (true, good) if good == checkup.checks.len() => (GREEN, "✓", "fit"),
        (true, _) => (YELLOW, "?", "fit, with doubts"),
    };
    page.heading(style, &format!("{symbol} {word}: {}", counts(checkup)));
    page.row("records in", &checkup.out);
    for &topic in Topic::VARIANTS {
        let mut of_topic = checkup
            .checks
            .iter()
            .filter(|it| it.topic == topic)
            .peekable();
        if of_topic.peek().is_some() {
            page.heading(BOLD, title(topic));
            of_topic.for_each(|check| one(&mut page, check));
        }
    }
    page.finish()
}

pub fn checkup_json(checkup: &Checkup) -> String {
    let mut text = serde_json::to_string_pretty(checkup).unwrap_or_default();
    text.push('\n');
    text
}

fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::Record => "The record: is what was written before a reset there after it?",
        Topic::Evidence => "The evidence: what can the next boot tell of it?",
        Topic::WayBack => "The way back: does a machine that hangs or panics restart?",
        Topic::Worker => "The worker: can it be bounded and looked at?",
        Topic::Gpu => "The GPU: are driver, libraries and cards fit, and fit together?",
        Topic::Limits => "The limits: will what a program is given do?",
    }
}

fn one(page: &mut Page, check: &Check) {
    let name = &check.name;
    let (style, symbol) = match check.state {
        State::Good => return page.paragraph(&format!("✓ {name}: {}", check.seen)),
        State::Doubtful | State::NotReadable => (YELLOW, "?"),
        State::Bad => (RED, "✗"),
    };
    let state: &str = check.state.into();
    page.item(style, &format!("{symbol} {name}: {state}"));
    page.row("  seen", &check.seen);
    page.row("  why", &check.matters);
    page.verbatim("  to do", &check.remedy);
}

fn count(checkup: &Checkup, state: State) -> usize {
    checkup.checks.iter().filter(|it| it.state == state).count()
}

/// `1 bad, 3 doubtful, 12 good`.
fn counts(checkup: &Checkup) -> String {
    [State::Bad, State::Doubtful, State::NotReadable, State::Good]
        .into_iter()
        .map(|state| (count(checkup, state), <&str>::from(state)))
        .filter(|&(n, _)| n > 0)
        .map(|(n, state)| format!("{n} {state}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topic: Topic, state: State, remedy: &[&str]) -> Check {
        Check {
            topic,
            name: "pstore".into(),
            state,
            seen: "no \x1b[31mback end".into(),
            matters: "it tells a panic from a power cut".into(),
            remedy: remedy.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_not_good_is_told_with_its_remedy_whole() {
        let long = format!("sudo {}", "x".repeat(120));
        let checks = vec![
            check(Topic::Record, State::Good, &[]),
            check(Topic::Evidence, State::NotReadable, &[&long]),
            check(Topic::Evidence, State::Bad, &["reboot"]),
        ];
        let found = Checkup::of("runs".into(), checks);
        assert!(!found.fit);
        let text = checkup(&found, 80, false);
        assert!(
            text.starts_with("✗ unfit: 1 bad, 1 not readable, 1 good\n"),
            "{text}"
        );
        assert!(text.contains(&long) && !text.contains('\x1b'), "{text}");
        assert_eq!(text.matches("it tells a panic").count(), 2, "{text}");
        assert!(!text.contains("The worker"), "{text}");
        let read: Checkup = serde_json::from_str(&checkup_json(&found)).unwrap();
        assert_eq!(read, found);
    }

    #[test]
    fn doubts_alone_leave_it_fit() {
        let doubtful = Checkup::of(
            "runs".into(),
            vec![check(Topic::Worker, State::Doubtful, &["x"])],
        );
        assert!(doubtful.fit);
        assert!(checkup(&doubtful, 80, false).starts_with("? fit, with doubts"));
        let good = Checkup::of("runs".into(), vec![check(Topic::Worker, State::Good, &[])]);
        assert!(checkup(&good, 80, false).starts_with("✓ fit"));
    }
}
