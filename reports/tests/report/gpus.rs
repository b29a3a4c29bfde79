//! What is told of a GPU: by its samples, by NVML, and by the kernel's log of the same moments.

use crashpoint_reports::environment::{Environment, Gpu};
use crashpoint_reports::gate::{self, Limits, Rule, Verdict};
use crashpoint_reports::gathered::{Gathered, KernelLog};
use crashpoint_reports::gpu::{GpuCounters, GpuNews, Told};
use crashpoint_reports::report::{Finding, Report};
use crashpoint_reports::sample::GpuFinding;
use crashpoint_reports::{Class, Confidence, Event, GpuSample, Phase};

use crate::journal::{Journal, attempts, exit, signal};

const UUID: &str = "GPU-a";

/// A run with one GPU, and an attempt under way in the vision phase of image 3.
fn watched() -> Journal {
    let mut journal = Journal::of(&[("fifth", "fifth", &[1, 2, 3, 4, 5])]);
    let mut environment = Environment::default();
    environment.gpu.gpus.push(Gpu {
        uuid: UUID.to_owned(),
        name: Some("NVIDIA Fake".to_owned()),
        pci: Some("00000000:01:00.0".to_owned()),
        ..Gpu::default()
    });
    journal.push(Event::Environment(Box::new(environment)));
    journal.worker(1, "fifth");
    journal.begin(1, Phase::Vision, Journal::at(3, 3));
    journal
}

fn tell(journal: &mut Journal, told: Told) {
    let mono_us = journal.a_sample(1).mono_us;
    journal.push(Event::Gpu(GpuNews {
        index: 0,
        uuid: UUID.to_owned(),
        mono_us,
        told,
    }));
}

fn sample(journal: &mut Journal, change: impl FnOnce(&mut GpuSample)) {
    let mut sample = journal.a_sample(1);
    let mut gpu = GpuSample {
        uuid: UUID.to_owned(),
        celsius: Some(60),
        ..GpuSample::default()
    };
    change(&mut gpu);
    sample.gpus.push(gpu);
    journal.push(Event::Samples(vec![sample]));
}

fn logged(journal: &mut Journal, lines: &[&str]) {
    journal.push(Event::Gathered(Box::new(Gathered {
        attempt: 1,
        kernel_log: Some(KernelLog {
            source: "/dev/kmsg".to_owned(),
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
            ..KernelLog::default()
        }),
        ..Gathered::default()
    })));
}

fn sources(finding: &Finding) -> Vec<&str> {
    let evidence = finding.verdict.evidence.iter();
    evidence.map(|it| it.source.as_str()).collect()
}

#[track_caller]
fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    &report.findings[0]
}

#[test]
fn an_xid_that_both_saw_is_one_finding_with_two_sources() {
    let mut journal = watched();
    tell(&mut journal, Told::Xid(31));
    journal.leave(1);
    logged(
        &mut journal,
        &[
            "[    5.1] usb 1-1: reset",
            "[    5.2] NVRM: Xid (PCI:0000:02:00): 31, pid=7, name=other, Ch 00000001",
            "[    5.3] NVRM: Xid (PCI:0000:01:00): 31, pid=8, name=worker, Ch 00000008",
        ],
    );
    let report = journal.report();
    let finding = only(&report);
    assert_eq!(sources(finding), ["nvml", "kernel_log:3"]);
    assert_eq!(finding.image, Some(3));
    assert!(
        finding.what.contains("in phase vision of image 3"),
        "{}",
        finding.what
    );
}

#[test]
fn a_death_by_an_xid_that_both_saw_has_both_as_evidence_and_one_told_alone_is_never_certain() {
    let lost = "[    5.3] NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.";
    let verdict = |lines: &[&str]| {
        let mut journal = watched();
        tell(&mut journal, Told::Xid(79));
        journal.end(1, signal(6));
        logged(&mut journal, lines);
        attempts(&journal.report())[0].verdict.clone().unwrap()
    };
    let both = verdict(&[lost]);
    assert_eq!(
        (both.class, both.confidence),
        (Class::GpuFellOffBus, Confidence::Certain)
    );
    let sources: Vec<&str> = both.evidence.iter().map(|it| it.source.as_str()).collect();
    assert!(
        sources.contains(&"kernel_log:1") && sources.contains(&"nvml"),
        "{sources:?}"
    );
    let alone = verdict(&[]);
    assert_eq!(
        (alone.class, alone.confidence),
        (Class::GpuFellOffBus, Confidence::Likely)
    );
}

#[test]
fn an_xid_of_a_gpu_that_the_worker_was_not_on_explains_nothing() {
    let mut journal = watched();
    sample(&mut journal, |gpu| {
        gpu.uuid = "GPU-b".to_owned();
        gpu.worker_memory_bytes = Some(1 << 30);
    });
    tell(&mut journal, Told::Xid(79));
    journal.end(1, signal(6));
    let report = journal.report();
    assert_ne!(
        attempts(&report)[0].verdict.as_ref().unwrap().class,
        Class::GpuFellOffBus
    );
    assert!(only(&report).what.contains("Xid 79"));
}

#[test]
fn what_comes_after_an_attempt_belongs_to_the_last_one() {
    let mut journal = watched();
    journal.leave(1);
    journal.wait(1_000_000);
    tell(&mut journal, Told::Xid(94));
    let report = journal.report();
    let finding = only(&report);
    assert_eq!((finding.case.as_str(), finding.image), ("fifth", None));
    assert!(
        finding.what.contains("after it had ended"),
        "{}",
        finding.what
    );
}

#[test]
fn a_short_silence_is_none_and_a_reading_of_a_thousand_is_no_heat() {
    let mut journal = watched();
    sample(&mut journal, |gpu| gpu.silent_us = Some(2_900_000));
    for n in 0..200 {
        sample(&mut journal, |gpu| {
            gpu.throttle_reasons = Some(if n == 0 { 0x40 } else { 0x4 })
        });
    }
    assert!(journal.report().findings.is_empty());
    sample(&mut journal, |gpu| gpu.silent_us = Some(3_500_000));
    sample(&mut journal, |gpu| gpu.silent_us = Some(4_500_000));
    for _ in 0..10 {
        sample(&mut journal, |gpu| gpu.throttle_reasons = Some(0x48));
    }
    let report = journal.report();
    let what: Vec<&str> = report.findings.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what.len(), 2, "{what:?}");
    assert!(what[0].contains("for 4.50 s"), "{what:?}");
    assert!(
        what[1].contains("5.2% of its samples (hw_thermal_slowdown"),
        "{what:?}"
    );
}

#[test]
fn a_gpu_that_is_lost_says_since_when() {
    let mut journal = watched();
    sample(&mut journal, |gpu| gpu.findings = vec![GpuFinding::Unknown]);
    sample(&mut journal, |gpu| {
        gpu.findings = vec![GpuFinding::GpuIsLost]
    });
    journal.end(1, signal(6));
    let report = journal.report();
    let finding = only(&report);
    assert_eq!(finding.verdict.class, Class::GpuFellOffBus);
    assert!(
        finding.what.contains("in phase vision of image 3"),
        "{}",
        finding.what
    );
}

#[test]
fn counters_that_stay_are_no_finding_and_those_that_fall_were_set_back() {
    let counters = |uncorrected: u64| {
        Told::Counters(Box::new(GpuCounters {
            ecc_uncorrected_volatile: Some(uncorrected),
            pcie_replays: Some(uncorrected),
            ..GpuCounters::default()
        }))
    };
    let mut journal = watched();
    for n in [4, 4, 0] {
        tell(&mut journal, counters(n));
    }
    assert!(journal.report().findings.is_empty());
    tell(&mut journal, counters(1));
    let report = journal.report();
    assert!(
        only(&report).what.contains("1 more ECC error that"),
        "{:?}",
        report.findings
    );
    let gpu = &report.gpus[0];
    assert_eq!(gpu.name.as_deref(), Some("NVIDIA Fake"));
    let first = gpu.counters_first.as_ref().unwrap();
    assert_eq!(first.ecc_uncorrected_volatile, Some(4));
}

#[test]
fn what_the_driver_wants_done_is_told_once_it_does_and_from_the_beginning() {
    let counters = |recovery_action| {
        Told::Counters(Box::new(GpuCounters {
            recovery_action: Some(recovery_action),
            ..GpuCounters::default()
        }))
    };
    let mut journal = watched();
    tell(&mut journal, counters(0));
    assert!(journal.report().findings.is_empty());
    tell(&mut journal, counters(2));
    tell(&mut journal, counters(2));
    let report = journal.report();
    let finding = only(&report);
    assert!(finding.what.contains("needs a restart of the machine"));
    assert_eq!(finding.verdict.class, Class::GpuHardwareFault);

    let mut journal = watched();
    tell(&mut journal, counters(1));
    let report = journal.report();
    let finding = only(&report);
    assert!(finding.what.ends_with("since before the run"));
}

/// What the gate says of a run in which this reason was once set, against one with the other.
fn steady(reasons: u64, in_the_baseline: u64) -> (Verdict, String) {
    let report = |reasons| {
        let mut journal = watched();
        sample(&mut journal, |gpu| gpu.throttle_reasons = Some(reasons));
        journal.leave(1);
        journal.report()
    };
    let decision = gate::decide(
        &[report(reasons)],
        &[report(in_the_baseline)],
        &Limits::default(),
    );
    let rule = decision
        .rules
        .into_iter()
        .find(|it| it.rule == Rule::Steady);
    let rule = rule.unwrap();
    (rule.verdict, rule.because)
}

#[test]
fn a_gpu_that_was_throttled_makes_times_say_nothing() {
    for (bit, name) in [
        (0x08, "(hardware slowdown)"),
        (0x20, "(software thermal slowdown)"),
        (0x40, "(hardware thermal slowdown)"),
        (0x80, "(power brake)"),
    ] {
        for (here, there) in [(bit, 0), (0, bit), (bit, bit)] {
            let (verdict, because) = steady(here, there);
            assert_eq!(verdict, Verdict::Inconclusive, "{because}");
            assert!(because.contains(name), "{because}");
        }
    }
    let (verdict, because) = steady(0x4, 0);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(
        because.contains("at its power limit in 1 of 1 runs"),
        "{because}"
    );
    // At its limit every time it is the same machine, and one without work is one as well.
    assert_eq!(steady(0x4, 0x5).0, Verdict::Pass);
}

#[test]
fn a_silence_that_began_before_a_short_attempt_is_told_with_it() {
    let mut journal = Journal::of(&[("exec", "exec", &[])]);
    let mut first = journal.a_sample(1);
    first.gpus = vec![GpuSample {
        uuid: UUID.to_owned(),
        silent_us: Some(3_500_000),
        ..GpuSample::default()
    }];
    first.worker = None;
    journal.push(Event::Samples(vec![first]));
    journal.worker(1, "exec");
    journal.end(1, exit(0));
    journal.run_end();
    let report = journal.report();
    let finding = only(&report);
    assert!(finding.what.contains("did not answer for 3.50 s"));
    assert_eq!(finding.case, "exec");
}
