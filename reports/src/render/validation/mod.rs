//! The validation report: what a run shows of a configuration, from its data alone, and what it does
//! not show. It claims no more than its number of attempts allows.

mod claim;
mod comparison;
mod document;
mod findings;

use crate::report::{Report, SuspectFinding};
use crate::words::{counted, duration, shell};

use super::rung::rungs;
use super::surroundings::{environment, settings};
use document::Document;

pub fn validation_markdown(report: &Report, before: Option<&Report>) -> String {
    document(report, before).markdown()
}

pub fn validation_html(report: &Report, before: Option<&Report>) -> String {
    document(report, before).html()
}

fn document(report: &Report, before: Option<&Report>) -> Document {
    let model = report.run.settings.as_ref().and_then(|it| it.model.clone());
    let mut page = Document {
        title: match model {
            Some(model) => format!("Validation report: {model}"),
            None => format!("Validation report: run {}", report.run.id),
        },
        parts: Vec::new(),
    };
    summary(&mut page, report, before);
    method(&mut page, report);
    // The cause is to be found where it crashed.
    let crashed = [Some(report), before]
        .into_iter()
        .flatten()
        .find(|it| !it.crash_points.is_empty());
    findings::ruled_out(&mut page, report, crashed);
    findings::root_cause(&mut page, report, crashed);
    configuration(&mut page, report);
    results(&mut page, report);
    if let Some(before) = before {
        comparison::section(&mut page, before, report);
    }
    findings::recommendations(&mut page, report, crashed);
    not_tested(&mut page, report, before);
    page
}

fn summary(page: &mut Document, report: &Report, before: Option<&Report>) {
    page.heading("Executive summary");
    page.say(claim::conclusion(report));
    let mut lines = Vec::new();
    if !report.run.complete {
        lines.push(
            "The record of this run stops before its end: what it would have shown is not known."
                .to_owned(),
        );
    }
    if let Some(fault) = report
        .run
        .settings
        .as_ref()
        .and_then(|it| it.inject.as_ref())
    {
        lines.push(format!(
            "A fault was injected on purpose ({fault}): this validates the harness, not the model."
        ));
    }
    if let (Some(was), Some(is)) = (
        before.and_then(|it| it.statistics.crash_rate),
        report.statistics.crash_rate,
    ) {
        lines.push(format!(
            "Before: {}. After: {}. {}",
            claim::rate(&was),
            claim::rate(&is),
            claim::difference(&was, &is)
        ));
    }
    if let Some(point) = &report.summary.crash_point {
        lines.push(format!("First crash point: {point}"));
    }
    if report.summary.total_analyses > 0 {
        lines.push(format!(
            "{} of {} survived. Analyses in one process are not independent of each other: the rate \
             above counts processes.",
            report.summary.analyses_succeeded,
            counted(report.summary.total_analyses as usize, "image"),
        ));
    }
    for finding in report.findings.iter().take(10) {
        lines.push(format!(
            "{}, attempt {}: {} ({}, {})",
            finding.case,
            finding.attempt,
            finding.what,
            finding.verdict.class,
            finding.verdict.confidence
        ));
    }
    page.list(lines);
}

fn method(page: &mut Document, report: &Report) {
    page.heading("Method");
    page.say(
        "Each case ran in a process of its own. Before each phase a marker was written to the disk, so that after a \
         death the last marker without an end is the crash point. The rungs differ in one thing each.",
    );
    let rows = rungs(report)
        .iter()
        .map(|rung| {
            vec![
                rung.name.to_owned(),
                rung.title.to_owned(),
                rung.attempts.to_string(),
                rung.images.to_string(),
            ]
        })
        .collect();
    page.table(&["rung", "what it does", "attempts", "analyses"], rows);
    let run = &report.run;
    let mut lines = vec![format!("Run {}, {} long", run.id, duration(run.seconds))];
    lines.extend(run.started.iter().map(|it| format!("started {it}")));
    let hz = run.settings.as_ref().map(|it| it.sample_hz);
    lines.extend(hz.map(|hz| format!("probes read {hz} times a second")));
    page.list(lines);
}

fn configuration(page: &mut Document, report: &Report) {
    let sound = report.run.complete
        && report.findings.is_empty()
        && report
            .statistics
            .crash_rate
            .is_some_and(|it| it.events == 0);
    page.heading(if sound {
        "The validated configuration"
    } else {
        "The configuration that was run"
    });
    if sound {
        page.say(
            "What is said above is said of this configuration on this machine, and of no other.",
        );
    }
    if let Some(header) = &report.run.header {
        page.code(shell(&header.command));
    }
    page.list(settings(report));
    let known = report.environment.as_ref().map(environment);
    let rows = known
        .into_iter()
        .flatten()
        .map(|(name, value)| vec![name, value]);
    page.table(&["environment", "value"], rows.collect());
}

fn results(page: &mut Document, report: &Report) {
    page.heading("Results");
    let rows = rungs(report)
        .iter()
        .filter(|rung| rung.attempts > 0)
        .map(|rung| {
            let died = u32::try_from(rung.attempts - rung.attempts_survived).unwrap_or(u32::MAX);
            let n = u32::try_from(rung.attempts).unwrap_or(u32::MAX);
            let rate = crate::statistics::Proportion::of(died, n);
            vec![
                rung.name.to_owned(),
                format!("{} of {}", rung.attempts_survived, rung.attempts),
                rate.map_or_else(String::new, |it| claim::bounds(&it)),
                format!("{} of {}", rung.images_survived, rung.images),
                claim::spread(rung.image_seconds),
            ]
        })
        .collect();
    page.table(
        &[
            "rung",
            "attempts survived",
            "rate of those that did not, at 95%",
            "images survived",
            "seconds an image, median",
        ],
        rows,
    );
    let rate = report.statistics.crash_rate.iter();
    let mut lines: Vec<String> = rate
        .map(|it| format!("Crash rate: {}", claim::rate(it)))
        .collect();
    lines.extend(super::measured::without_rate(report));
    page.list(lines);
}

fn not_tested(page: &mut Document, report: &Report, before: Option<&Report>) {
    page.heading("What was not tested");
    let mut lines: Vec<String> = report
        .differential
        .iter()
        .filter(|it| it.finding == SuspectFinding::NotTested)
        .map(|it| format!("{}: {}", it.suspect.replace('_', " "), it.because))
        .collect();
    for case in &report.cases {
        if let Some(because) = &case.skipped {
            lines.push(format!("{}: skipped, {because}", case.name));
        }
    }
    lines.push("Other machines, drivers, models and settings than those above.".to_owned());
    lines.push(format!(
        "Anything that takes longer than this run did: {}.",
        duration(report.run.seconds)
    ));
    if before.is_none() {
        lines.push(
            "The state before: no earlier run was given (--before) to compare with.".to_owned(),
        );
    }
    page.list(lines);
}
