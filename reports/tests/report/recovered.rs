//! What a report says of a run whose end was found out later.

use crashpoint_reports::event::{Ended, Progress, Writer};
use crashpoint_reports::recovery::{SourceRead, TimeOfDeath};
use crashpoint_reports::{
    Class, Confidence, EndingKind, Event, Evidence, GpuSample, Outcome, Phase, Recovery, Report,
    RunEnding, render,
};

use crate::journal::{GIB, Journal, attempts, signal};

const HOUR_US: u64 = 3_600_000_000;

pub fn recovery(ended_by: RunEnding, confidence: Confidence) -> Recovery {
    let in_this_boot = ended_by == RunEnding::SupervisorKilled;
    Recovery {
        ended_by,
        confidence,
        class: ended_by.class(),
        by: None,
        evidence: vec![Evidence::new("boot_id", "the machine has restarted")],
        last_lines: Vec::new(),
        death: TimeOfDeath {
            last_record_wall_us: 1_795_442_531_000_000,
            next_boot_wall_us: 1_795_442_551_000_000,
            gap_seconds: 20.0,
            ..TimeOfDeath::default()
        },
        slept_seconds: None,
        boot_id: "boot-a".into(),
        found_in_boot_id: if in_this_boot { "boot-a" } else { "boot-b" }.into(),
        restarts: Some(u32::from(!in_this_boot)),
        sources: vec![
            SourceRead::not_readable("pstore", "Permission denied")
                .remedy("sudo crashpoint recover"),
        ],
    }
}

/// 41 tokens into the fifth image, and 0.8 s of samples after that.
fn dying() -> Journal {
    let mut journal = Journal::fifth();
    for index in 1..=4 {
        journal.analysis(1, index, index);
    }
    let at = Journal::at(5, 5);
    for phase in [Phase::Preprocess, Phase::Vision, Phase::Prefill] {
        journal.phase(1, phase, at.clone());
    }
    journal.begin(1, Phase::Decode, at);
    journal.push(Event::Progress(Progress::of_tokens(1, 41)));
    journal.wait(780_000);
    journal
}

fn on_a_gpu(mut journal: Journal) -> Journal {
    let mut sample = journal.a_sample(1);
    sample.gpus = vec![
        GpuSample {
            index: 0,
            memory_used_bytes: Some(GIB),
            power_milliwatts: Some(20_000),
            ..GpuSample::default()
        },
        GpuSample {
            index: 1,
            memory_used_bytes: Some(GIB * 6 + GIB / 20 * 17),
            worker_memory_bytes: Some(6 * GIB),
            power_milliwatts: Some(343_900),
            celsius: Some(71),
            ..GpuSample::default()
        },
    ];
    journal.push(Event::Samples(vec![sample]));
    journal
}

/// Looked at an hour later, by another process.
fn recovered(mut journal: Journal, found: Recovery) -> Report {
    journal.wait(HOUR_US);
    journal.header_of(&found.found_in_boot_id.clone(), 77, Writer::Recover);
    journal.push(Event::Recovered(Box::new(found)));
    journal.report()
}

#[test]
fn a_reset_is_told_in_the_sentence_that_is_read_first() {
    let mut found = recovery(RunEnding::MachineReset, Confidence::Likely);
    found.evidence.push(Evidence::new(
        "kernel_log",
        "[    2.000001] EXT4-fs (vda): recovery complete",
    ));
    let report = recovered(on_a_gpu(dying()), found);
    let told = "fifth: machine reset during image 5, phase decode, at least 41 tokens in; the record ends 0.8 s after that: 344 W, 71 °C, 6.85 GiB";
    assert_eq!(report.summary.crash_point.as_deref(), Some(told));
    assert_eq!(report.summary.headline, told);
    assert_eq!(report.summary.critical_test_passed, Some(false));
    let attempt = attempts(&report)[0];
    assert_eq!(attempt.ending.kind, EndingKind::MachineGone);
    assert_eq!(attempt.outcome, Outcome::Died);
    let verdict = attempt.verdict.as_ref().unwrap();
    assert_eq!(
        (verdict.class, verdict.confidence),
        (Class::MachineReset, Confidence::Likely)
    );
    assert!(verdict.evidence.iter().any(|it| it.source == "boot_id"));
    assert!(
        verdict
            .evidence
            .iter()
            .any(|it| it.source == "missing" && it.text.contains("sudo crashpoint recover"))
    );
    // Which filesystem was in use, or what else the next boot said, is no part of the crash.
    let signature = attempt.signature.as_ref().unwrap();
    assert_eq!(
        signature.text,
        "machine_reset in decode: the machine went away"
    );
    // The hour until somebody looked is nobody's.
    assert!(report.run.seconds < 60.0 && attempt.seconds < 60.0);
    assert!(!report.run.complete);
    assert_eq!(report.crash_points.len(), 1);
}

#[test]
fn without_a_gpu_it_is_told_with_the_hosts_figures() {
    let mut journal = dying();
    journal.sample(1);
    let mut found = recovery(RunEnding::KernelPanic, Confidence::Certain);
    let line = "<0>[  123.456789] Kernel panic - not syncing: Fatal exception in interrupt";
    found.evidence.push(Evidence::new("pstore", line));
    found.last_lines = vec![line.to_owned()];
    let report = recovered(journal, found);
    assert_eq!(
        attempts(&report)[0].signature.as_ref().unwrap().text,
        "kernel_panic in decode: Fatal exception in interrupt"
    );
    assert_eq!(
        report.summary.crash_point.as_deref(),
        Some(
            "fifth: kernel panic during image 5, phase decode, at least 41 tokens in; the record ends 0.8 s after that: 51 °C, worker 512.0 MiB, 25% of the host's memory used"
        )
    );
}

#[test]
fn of_a_killed_supervisor_nobody_saw_the_attempt_end() {
    let report = recovered(
        dying(),
        recovery(RunEnding::SupervisorKilled, Confidence::Certain),
    );
    let attempt = attempts(&report)[0];
    assert_eq!(attempt.ending.kind, EndingKind::Unreported);
    assert_eq!(attempt.outcome, Outcome::Incomplete);
    let verdict = attempt.verdict.as_ref().unwrap();
    assert_eq!(
        (verdict.class, verdict.confidence),
        (Class::Unknown, Confidence::None)
    );
    assert!(
        report
            .summary
            .headline
            .starts_with("fifth: supervisor killed during image 5, phase decode"),
        "{}",
        report.summary.headline
    );
    assert!(report.run.seconds < 60.0 && attempt.seconds < 60.0);
    assert_eq!(report.statistics.crash_rate, None);
}

#[test]
fn a_shutdown_in_order_tells_nothing_against_what_ran() {
    let report = recovered(
        dying(),
        recovery(RunEnding::OrderlyShutdown, Confidence::Certain),
    );
    let attempt = attempts(&report)[0];
    assert_eq!(attempt.ending.kind, EndingKind::MachineGone);
    assert_eq!(attempt.outcome, Outcome::Incomplete);
    assert_eq!(
        attempt.verdict.as_ref().unwrap().class,
        Class::PlannedReboot
    );
    assert_eq!(report.statistics.crash_rate, None);
    assert_eq!(report.summary.critical_test_passed, None);
}

#[test]
fn the_last_minutes_log_goes_deeper_than_the_reset() {
    let mut found = recovery(RunEnding::MachineReset, Confidence::Likely);
    found.last_lines =
        vec!["[ 3599.000001] NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.".into()];
    let report = recovered(dying(), found);
    let verdict = attempts(&report)[0].verdict.clone().unwrap();
    assert_eq!(verdict.class, Class::GpuFellOffBus);
    assert!(verdict.evidence.iter().any(|it| it.source == "boot_id"));
    // What ended the run is told besides.
    assert_eq!(report.recovery.unwrap().ended_by, RunEnding::MachineReset);
}

#[test]
fn an_attempt_that_was_seen_to_end_keeps_its_ending() {
    let mut journal = dying();
    journal.push(Event::Ended(Box::new(Ended {
        attempt: 1,
        ending: signal(11),
        limit: None,
        usage: None,
    })));
    let report = recovered(
        journal,
        recovery(RunEnding::MachineReset, Confidence::Likely),
    );
    assert_eq!(attempts(&report)[0].ending, signal(11));
    assert_ne!(
        attempts(&report)[0].verdict.as_ref().unwrap().class,
        Class::MachineReset
    );
}

#[test]
fn between_two_attempts_nothing_is_blamed() {
    let mut journal = Journal::of(&[("single", "single", &[1]), ("fifth", "fifth", &[1, 2])]);
    journal.survivor(1, "single", &[1]);
    let report = recovered(
        journal,
        recovery(RunEnding::MachineReset, Confidence::Likely),
    );
    assert_eq!(
        report.summary.headline,
        "machine reset between two attempts: 1 of 2 cases had been tried, and survived"
    );
    assert_eq!(attempts(&report)[0].outcome, Outcome::Survived);
}

#[test]
fn what_comes_after_it_does_not_reach_the_attempt_that_is_over() {
    let mut journal = dying();
    let found = recovery(RunEnding::MachineReset, Confidence::Likely);
    journal.header_of("boot-b", 77, Writer::Recover);
    journal.push(Event::Recovered(Box::new(found)));
    let then = attempts(&journal.report())[0].clone();
    journal.header_of("boot-b", 78, Writer::Resume);
    journal.survivor(2, "fifth", &[1]);
    let mut stray = journal.a_sample(1);
    stray.worker.as_mut().unwrap().rss_bytes = Some(99 * GIB);
    journal.push(Event::Samples(vec![stray]));
    journal.run_end();
    let report = journal.report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt.seconds, then.seconds);
    assert_eq!(attempt.ending, then.ending);
    assert_eq!(attempt.crash_point, then.crash_point);
    assert_eq!(attempts(&report)[1].outcome, Outcome::Survived);
    assert!(report.run.complete);
}

#[test]
fn it_is_shown_on_the_terminal_and_on_the_page() {
    let mut found = recovery(RunEnding::MachineReset, Confidence::Likely);
    found.evidence.push(Evidence::new(
        "kernel_log",
        "[ 2.0] EXT4-fs (<b>vda</b>): recovery complete",
    ));
    let report = recovered(on_a_gpu(dying()), found);
    let screen = render::terminal(&report, false);
    assert!(screen.contains("ended by"), "{screen}");
    assert!(screen.contains("machine reset (likely)"), "{screen}");
    assert!(screen.contains("before 2026-11-23T14:02:31Z"), "{screen}");
    assert!(screen.lines().count() <= 23, "{screen}");
    let page = render::markdown(&report);
    assert!(page.contains("## What ended the run"), "{page}");
    assert!(page.contains("not readable"), "{page}");
    assert!(page.contains("sudo crashpoint recover"), "{page}");
    assert!(!page.contains("<b>"), "{page}");
    let again: Report = serde_json::from_str(&render::json(&report)).unwrap();
    assert_eq!(again.recovery, report.recovery);
}
