//! The numbers of a report, and what may be claimed of them.

use crashpoint_reports::event::Usage;
use crashpoint_reports::protocol::AllocatorMemory;
use crashpoint_reports::{Ending, EndingKind, Phase};

use crate::journal::{GIB, Journal, MIB, attempts, exit, signal};

#[test]
fn the_crash_rate_counts_attempts_that_ended() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "single", &[1]);
    journal.survivor(2, "repeat", &[1, 1, 1, 1, 1]);
    let rate = journal.report().statistics.crash_rate.unwrap();
    // Five analyses in one process are one attempt.
    assert_eq!((rate.events, rate.n), (0, 2));
    assert!((rate.interval.high - 0.8419).abs() < 1e-4);
    assert!((rate.below - 0.7764).abs() < 1e-4);
    journal.death(3, "fifth", &[5]);
    journal.worker(4, "fifth");
    journal.end(4, exit(1));
    journal.worker(5, "fifth");
    journal.end(5, Ending::of(EndingKind::Unreported));
    let statistics = journal.report().statistics;
    let rate = statistics.crash_rate.unwrap();
    assert_eq!((rate.events, rate.n), (2, 4));
    let fifth = statistics
        .by_case
        .iter()
        .find(|it| it.case == "fifth")
        .unwrap();
    assert_eq!((fifth.crash_rate.events, fifth.crash_rate.n), (2, 2));
}

#[test]
fn a_diagnostic_attempt_counts_neither_for_nor_against() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "single", &[5]);
    journal.death(2, "single", &[5]);
    for record in &mut journal.records {
        if let crashpoint_reports::Event::AttemptStart(start) = &mut record.event {
            start.diagnostic = true;
        }
    }
    let report = journal.report();
    assert_eq!(report.statistics.crash_rate, None);
    assert_eq!(report.summary.critical_test_passed, None);
    assert_eq!(
        (report.summary.attempts, report.summary.total_analyses),
        (0, 0)
    );
    assert_eq!(attempts(&report).len(), 2);
}

#[test]
fn a_phase_is_as_long_as_its_worker_says_and_otherwise_as_the_records_do() {
    let mut journal = Journal::fifth();
    let vision = journal.begin(1, Phase::Vision, Journal::at(1, 1));
    journal.wait(990_000);
    let memory = AllocatorMemory {
        allocated_bytes: 7_355_199_488,
        reserved_bytes: 8 * GIB,
        reserved_high_bytes: Some(9 * GIB),
        ..AllocatorMemory::default()
    };
    journal.end_phase_with_memory(1, vision, memory);
    journal.leave(1);
    let report = journal.report();
    let phases = &attempts(&report)[0].phases;
    assert_eq!(phases[1].phase, Phase::Load);
    assert_eq!(phases[1].seconds, Some(0.11));
    assert_eq!(
        (phases[2].seconds, phases[2].memory),
        (Some(0.25), Some(memory))
    );
    assert_eq!(
        report.summary.gpu_memory_allocated.as_deref(),
        Some("6.85 GiB")
    );
    assert_eq!(
        report.summary.gpu_memory_reserved.as_deref(),
        Some("9.00 GiB")
    );
}

#[test]
fn without_a_gpu_its_numbers_are_null_and_not_zero() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "single", &[1]);
    let report = serde_json::to_value(journal.report()).unwrap();
    let summary = report["summary"].as_object().unwrap();
    assert!(summary["gpu_memory_allocated"].is_null());
    assert!(summary["gpu_memory_reserved_bytes"].is_null());
    assert_eq!(summary["system_memory_usage"], "25%");
    assert_eq!(summary["success_rate"], "100%");
}

#[test]
fn the_peak_is_the_highest_that_anybody_saw() {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.end_with(1, signal(11), |end| {
        end.usage = Some(Usage {
            max_rss_bytes: 700 * MIB,
            ..Usage::default()
        });
    });
    assert_eq!(journal.report().summary.peak_rss_bytes, Some(700 * MIB));
}

#[test]
fn the_memory_of_an_image_that_did_not_report_it_is_that_of_the_last_sample() {
    let mut journal = Journal::fifth();
    journal.rss_bytes = 600 * MIB;
    journal.sample(1);
    // The second image had no sample of its own: nothing is said of its memory.
    for (position, index) in [(1, 1), (2, 2)] {
        let mut result = journal.result(index, position);
        result.rss_bytes = None;
        journal.image(1, result);
    }
    journal.leave(1);
    let report = journal.report();
    let images = &attempts(&report)[0].images;
    assert_eq!(images[0].rss_bytes, Some(600 * MIB));
    assert_eq!(images[1].rss_bytes, None);
}

#[test]
fn times_of_the_run_are_in_utc() {
    let mut journal = Journal::of(&[]);
    journal.survivor(1, "single", &[1]);
    journal.run_end();
    let run = journal.report().run;
    assert_eq!(run.started.as_deref(), Some("2026-11-23T14:02:16Z"));
    assert!(run.ended.is_some() && run.complete);
}
