//! Whether a trial came to what was stated: all that differs, in a line each.

use crashpoint_reports::report::{Attempt, SuspectFinding};
use crashpoint_reports::{Class, EndingKind, Outcome, Phase, Report};
use crashpoint_scenarios::fault::{CrashPlace, Expectation, Fault};

use super::child::Ended;
use super::trial::{Expected, STRUCK_IMAGE, STRUCK_PHASE, Trial};
use crate::exit_code;

pub fn judge(trial: &Trial, ended: &Ended) -> Result<(), String> {
    let report = match &ended.report {
        Ok(report) => report,
        Err(why) => {
            return Err(format!(
                "there is no report ({why}); crashpoint ended with {} and said:\n{}",
                ended.status, ended.stderr
            ));
        }
    };
    let wanted = match &trial.expected {
        Expected::Survives => exit_code::OK,
        Expected::Fault(..) => exit_code::FOUND,
        Expected::Mistake { exit_code, .. } => *exit_code,
    };
    let mut wrong = Differences::default();
    wrong.unless(
        "exit code of crashpoint",
        ended.status.code(),
        Some(i32::from(wanted)),
    );
    match &trial.expected {
        Expected::Survives => survived(report, &mut wrong),
        Expected::Fault(fault, expected) => struck(report, *fault, expected, &mut wrong),
        Expected::Mistake { class, suspect, .. } => mistaken(report, *class, suspect, &mut wrong),
    }
    wrong.told(report)
}

/// What is not as it was stated.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn unless<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, stated: T) {
        if found != stated {
            self.0.push(format!("{what}: {found:?}, not {stated:?}"));
        }
    }

    fn told(self, report: &Report) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}\nthe report says: {}",
            self.0.join("\n"),
            report.summary.headline
        ))
    }
}

fn attempts(report: &Report) -> impl Iterator<Item = &Attempt> {
    report.cases.iter().flat_map(|case| &case.attempts)
}

fn survived(report: &Report, wrong: &mut Differences) {
    wrong.unless("attempts", attempts(report).next().is_some(), true);
    for attempt in attempts(report) {
        wrong.unless("outcome", attempt.outcome, Outcome::Survived);
    }
    let findings: Vec<&str> = report.findings.iter().map(|it| it.what.as_str()).collect();
    wrong.unless("findings", findings, Vec::new());
}

fn mistaken(report: &Report, class: Class, suspect: &str, wrong: &mut Differences) {
    let Some(attempt) = attempts(report).next() else {
        wrong.0.push("no attempt is on record".to_owned());
        return;
    };
    wrong.unless("outcome", attempt.outcome, Outcome::Failed);
    let verdict = attempt.verdict.as_ref();
    wrong.unless("class", verdict.map(|it| it.class), Some(class));
    wrong.unless(
        "an action",
        verdict.is_some_and(|it| !it.action.is_empty()),
        true,
    );
    let told = report.differential.iter().find(|it| it.suspect == suspect);
    wrong.unless(
        suspect,
        told.map(|it| it.finding),
        Some(SuspectFinding::Supported),
    );
}

fn struck(report: &Report, fault: Fault, expected: &Expectation, wrong: &mut Differences) {
    let Some(attempt) = attempts(report).next() else {
        wrong.0.push("no attempt is on record".to_owned());
        return;
    };
    let ending = &attempt.ending;
    wrong.unless("ending", ending.kind, expected.kind);
    // How a hang leaves once it is told to is its own affair.
    if expected.kind != EndingKind::Timeout {
        wrong.unless("exit code", ending.code, expected.code);
        wrong.unless("signal", ending.signal, expected.signal);
    }
    wrong.unless("outcome", attempt.outcome, expected.outcome);

    let class = attempt.verdict.as_ref().map(|verdict| verdict.class);
    if !class.is_some_and(|class| expected.classes.contains(&class)) {
        wrong
            .0
            .push(format!("class: {class:?}, not {:?}", expected.classes));
    }

    let point = attempt.crash_point.as_ref();
    let place = point.map(|point| (point.phase.clone(), point.image));
    let stated = match expected.crash_point {
        CrashPlace::Nowhere => None,
        CrashPlace::Teardown => Some((Phase::Teardown, None)),
        CrashPlace::Struck => Some((Phase::from(STRUCK_PHASE.to_owned()), Some(STRUCK_IMAGE))),
    };
    wrong.unless("crash point", place, stated);
    if expected.crash_point == CrashPlace::Struck {
        let survived = attempt.images.iter();
        let survived = survived.filter(|image| image.outcome == Outcome::Survived);
        wrong.unless(
            "images that keep their results",
            survived.count(),
            STRUCK_IMAGE as usize - 1,
        );
    }

    let told = |what: &str| {
        let told = expected.xids.iter();
        told.copied()
            .any(|xid| what.contains(&format!("reported Xid {xid} ")))
    };
    let findings = || {
        let findings = report.findings.iter().map(|it| it.what.as_str());
        findings.filter(|what| !told(what))
    };
    match expected.finding {
        Some(found) => {
            let words = found.words();
            wrong.unless(
                &format!("a finding that {fault} {words}"),
                findings().any(|what| what.contains(words)),
                true,
            );
        }
        None => wrong.unless("findings", findings().collect::<Vec<_>>(), Vec::new()),
    }
}
