//! Journals as earlier versions wrote them: they are read for ever. None of the files is ever changed.

use crashpoint_reports::fold::Fold;
use crashpoint_reports::gpu::GpuCounters;
use crashpoint_reports::journal::read_segment;
use crashpoint_reports::{Class, EndingKind, Outcome, Report};

fn read(journal: &[u8]) -> Report {
    let mut fold = Fold::new();
    let state = read_segment(journal, |record| fold.push(record)).unwrap();
    fold.finish(state)
}

#[test]
fn a_program_that_crashed_is_read_from_every_way_in_which_it_was_written() {
    for (name, journal) in [
        (
            "samples by line",
            &include_bytes!("../journals/1-samples-by-line.jsonl")[..],
        ),
        (
            "samples in blocks",
            include_bytes!("../journals/1-samples-in-blocks.jsonl"),
        ),
    ] {
        let report = read(journal);
        assert!(report.journal.complete, "{name}");
        assert!(report.journal.damage.is_empty(), "{name}");
        let attempt = &report.cases[0].attempts[0];
        assert_eq!(attempt.outcome, Outcome::Died, "{name}");
        assert_eq!(attempt.ending.kind, EndingKind::Signal, "{name}");
        let point = attempt.crash_point.as_ref().unwrap();
        let sample = point.last_sample.as_ref().unwrap();
        assert!(
            sample.worker.as_ref().unwrap().rss_bytes > Some(0),
            "{name}"
        );
        assert!(sample.host.memory_total_bytes > Some(0), "{name}");
        assert!(point.last_sample_age_seconds < Some(1.0), "{name}");
    }
}

#[test]
fn what_was_told_of_a_gpu_beside_its_samples_is_read() {
    let report = read(include_bytes!("../journals/1-news-of-a-gpu.jsonl"));
    assert!(report.journal.complete && report.journal.damage.is_empty());
    let gpu = &report.gpus[0];
    assert_eq!(gpu.xids[0].xid, 48);
    let counters = |counters: &Option<GpuCounters>| counters.as_ref().unwrap().clone();
    assert_eq!(
        counters(&gpu.counters_first).ecc_uncorrected_volatile,
        Some(1)
    );
    assert_eq!(
        counters(&gpu.counters_last).ecc_uncorrected_volatile,
        Some(3)
    );
    assert!(gpu.slowest_call.is_some());
    assert_eq!(report.findings.len(), 2);
    let verdict = report.cases[0].attempts[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.class, Class::GpuEccError);
}
