//! Findings on attempts that survived.

use crashpoint_reports::event::{Event, LeftBehind};
use crashpoint_reports::protocol::WorkerError;
use crashpoint_reports::report::{Finding, Report};
use crashpoint_reports::{Class, Confidence, Outcome};

use crate::journal::{Journal, MIB, attempts, exit};

fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    &report.findings[0]
}

#[test]
fn a_clean_run_has_none() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "fifth", &[1, 2, 3, 4, 5]);
    journal.survivor(2, "repeat", &[1, 1, 1, 1, 1]);
    journal.run_end();
    assert_eq!(journal.report().findings, []);
}

#[test]
fn an_image_that_failed_is_one_with_the_class_of_its_error() {
    for (class, expected, confidence) in [
        (
            Some(Class::InputBroken),
            Class::InputBroken,
            Confidence::Certain,
        ),
        (None, Class::InputBroken, Confidence::Possible),
        (
            Some(Class::ContextOverflow),
            Class::ContextOverflow,
            Confidence::Certain,
        ),
    ] {
        let mut journal = Journal::fifth();
        journal.analysis(1, 1, 1);
        let mut bad = journal.result(2, 2);
        bad.outcome = Outcome::Failed;
        bad.error = Some(WorkerError {
            class,
            message: "not an image: its header is cut off".into(),
            refused: false,
        });
        journal.image(1, bad);
        journal.leave(1);
        journal.run_end();
        let report = journal.report();
        let finding = only(&report);
        assert_eq!(finding.image, Some(2));
        assert_eq!(finding.verdict.class, expected);
        assert_eq!(finding.verdict.confidence, confidence);
        assert!(finding.what.contains("its header is cut off"));
        let attempt = attempts(&report)[0];
        assert_eq!(attempt.outcome, Outcome::Survived);
        assert_eq!(attempt.verdict.as_ref(), Some(&finding.verdict));
        assert_eq!(
            report.summary.headline,
            "every attempt survived, but 1 of 2 images failed"
        );
    }
}

/// Three analyses of image 1, of which the second gave other tokens.
fn changed(temperature: Option<f64>) -> Report {
    let mut journal = Journal::empty();
    journal.header("boot-a");
    journal.plan.settings.temperature = temperature;
    let plan = journal.plan.clone();
    journal.push(Event::Plan(plan));
    journal.worker(1, "repeat");
    for position in 1..=3 {
        let mut result = journal.result(1, position);
        if position == 2 {
            result.token_digest = Some("another".into());
        }
        journal.image(1, result);
    }
    journal.leave(1);
    journal.run_end();
    journal.report()
}

#[test]
fn greedy_output_that_changes_is_a_corruption_and_names_both_analyses() {
    for greedy in [None, Some(0.0)] {
        let report = changed(greedy);
        let finding = only(&report);
        assert_eq!(finding.verdict.class, Class::NumericalCorruption);
        assert_eq!(finding.verdict.confidence, Confidence::Likely);
        assert!(finding.what.contains("in repeat, attempt 1, position 2"));
        assert!(
            finding
                .what
                .contains("than in repeat, attempt 1, position 1")
        );
    }
}

#[test]
fn sampled_output_may_change() {
    assert_eq!(changed(Some(0.7)).findings, []);
}

#[test]
fn what_it_leaves_behind_and_what_holds_its_pipes_are_findings() {
    let mut journal = Journal::fifth();
    journal.push(Event::Done { attempt: 1 });
    journal.push(Event::Violation {
        attempt: 1,
        what: "it said hello twice".into(),
    });
    journal.end_with(1, exit(0), |end| {
        end.left_behind.push(LeftBehind {
            pid: 4711,
            name: "loader".into(),
        });
        end.stderr.held_open = true;
    });
    journal.run_end();
    let report = journal.report();
    let what: Vec<&str> = report.findings.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(
        what,
        [
            "it left processes behind: loader (pid 4711)",
            "something out of reach still held its stderr open after it ended",
            "it broke the protocol: it said hello twice",
        ]
    );
    assert!(report.summary.headline.ends_with("; 3 findings"));
}

/// Twenty images, the worker growing by so many bytes with each after the first.
fn growing(per_image: impl Fn(u32) -> u64) -> Report {
    let mut journal = Journal::of(&[]);
    journal.worker(1, "long");
    for position in 1..=20 {
        // What the first image costs is paid once.
        let once = if position == 1 { 0 } else { 100 * MIB };
        journal.rss_bytes = 512 * MIB + once + per_image(position);
        journal.analysis(1, position % 8 + 1, position);
    }
    journal.leave(1);
    journal.run_end();
    journal.report()
}

#[test]
fn memory_that_grows_with_the_images_is_a_possible_leak() {
    let report = growing(|position| u64::from(position) * 2 * MIB);
    let finding = only(&report);
    assert_eq!(finding.verdict.class, Class::HostMemoryLeak);
    assert_eq!(finding.verdict.confidence, Confidence::Possible);
    let slope = report.statistics.memory_slope.as_ref().unwrap();
    assert_eq!(
        (slope.n, slope.bytes_per_image.estimate),
        (19, 2.0 * MIB as f64)
    );
}

#[test]
fn growth_that_does_not_matter_and_noise_are_no_leak() {
    let small = growing(|position| u64::from(position) * 4096);
    assert!(small.statistics.memory_slope.unwrap().bytes_per_image.low > 0.0);
    assert_eq!(small.findings, []);
    let noise = growing(|position| u64::from(position * 7919 % 13) * 4 * MIB);
    assert!(noise.statistics.memory_slope.is_some());
    assert_eq!(noise.findings, []);
}

/// Twenty-four analyses of the eight images in turn, each of so many seconds.
fn timed(seconds: impl Fn(u32) -> f64) -> Report {
    let mut journal = Journal::of(&[]);
    journal.worker(1, "long");
    for position in 1..=24 {
        let mut result = journal.result((position - 1) % 8 + 1, position);
        result.seconds = Some(seconds(position));
        journal.image(1, result);
    }
    journal.leave(1);
    journal.run_end();
    journal.report()
}

#[test]
fn images_that_take_longer_and_longer_are_a_drift_without_a_class_of_death() {
    let report = timed(|position| 0.2 + 0.02 * f64::from(position));
    let finding = only(&report);
    assert!(finding.what.contains("images took longer and longer"));
    assert_eq!(finding.verdict.class, Class::Unknown);
    let slope = report.statistics.time_slope.as_ref().unwrap();
    assert!((slope.seconds_per_image.estimate - 0.02).abs() < 1e-9);
    assert_eq!(slope.n, 23);
    assert_eq!(attempts(&report)[0].outcome, Outcome::Survived);
}

#[test]
fn larger_images_later_in_the_list_and_a_busy_moment_are_no_drift() {
    let larger = timed(|position| 0.2 * f64::from((position - 1) % 8 + 1));
    assert_eq!(larger.findings, []);
    let busy = timed(|position| {
        if (9..13).contains(&position) {
            0.9
        } else {
            0.2
        }
    });
    assert_eq!(busy.findings, []);
    let slow_at_the_end = timed(|position| if position > 22 { 0.9 } else { 0.2 });
    assert_eq!(slow_at_the_end.findings, []);
    let little = timed(|position| 1.0 + 0.001 * f64::from(position));
    assert!(little.statistics.time_slope.unwrap().seconds_per_image.low > 0.0);
    assert_eq!(little.findings, []);
}
