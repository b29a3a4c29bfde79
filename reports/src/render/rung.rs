//! The rungs of a report: its cases, taken together by scenario.

use crate::outcome::Outcome;
use crate::report::{Case, Report};
use crate::statistics::Spread;

#[derive(Debug)]
pub struct Rung<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub state: State,
    pub attempts: usize,
    pub attempts_survived: usize,
    pub images: usize,
    pub images_survived: usize,
    pub seconds: f64,
    pub image_seconds: Option<Spread>,
    /// Why (a part of) it was not tried.
    pub skipped: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Survived,
    Crashed,
    /// Not tried, or not finished.
    Open,
}

impl State {
    pub fn symbol(self) -> &'static str {
        match self {
            State::Survived => "✓",
            State::Crashed => "✗",
            State::Open => "–",
        }
    }
}

/// In the order of the cases.
pub fn rungs(report: &Report) -> Vec<Rung<'_>> {
    let mut groups: Vec<Vec<&Case>> = Vec::new();
    for case in &report.cases {
        let same = |group: &&mut Vec<&Case>| {
            group
                .first()
                .is_some_and(|first| first.scenario == case.scenario)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups.iter().filter_map(|group| rung(group)).collect()
}

fn rung<'a>(cases: &[&'a Case]) -> Option<Rung<'a>> {
    let first = cases.first()?;
    let attempts: Vec<_> = cases
        .iter()
        .flat_map(|case| &case.attempts)
        .filter(|attempt| attempt.counts())
        .collect();
    let images: Vec<_> = attempts
        .iter()
        .flat_map(|attempt| &attempt.images)
        .collect();
    let survived = |outcome: Outcome| outcome == Outcome::Survived;
    let any = |wanted: Outcome| attempts.iter().any(|attempt| attempt.outcome == wanted);
    let all_tried = cases.iter().all(|case| !case.attempts.is_empty());
    let state = if any(Outcome::Died) || any(Outcome::Failed) {
        State::Crashed
    } else if all_tried && !any(Outcome::Incomplete) {
        State::Survived
    } else {
        State::Open
    };
    Some(Rung {
        name: &first.scenario,
        title: &first.title,
        state,
        attempts: attempts.len(),
        attempts_survived: attempts.iter().filter(|it| survived(it.outcome)).count(),
        images: images.len(),
        images_survived: images.iter().filter(|it| survived(it.outcome)).count(),
        seconds: attempts.iter().map(|attempt| attempt.seconds).sum(),
        image_seconds: Spread::of(
            images
                .iter()
                .filter(|it| survived(it.outcome))
                .filter_map(|it| it.seconds),
        ),
        skipped: cases.iter().find_map(|case| case.skipped.as_deref()),
    })
}
