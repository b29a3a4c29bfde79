//! The time line: small however long the run, and nothing that stood out is lost.

use crashpoint_reports::event::{Event, Writer};
use crashpoint_reports::time_line::{Reading, Readings, Series, TimeLine};
use crashpoint_reports::{GpuSample, Phase, SampleBlock, render};

use crate::journal::{GIB, Journal, ladder_with_a_bad_fifth, signal};

fn series(readings: &Readings, reading: Reading) -> &Series {
    let found = readings.series.iter().find(|it| it.reading == reading);
    found.unwrap_or_else(|| panic!("no {reading:?} in {readings:?}"))
}

fn highest(series: &Series) -> f64 {
    let high = if series.high.is_empty() {
        &series.low
    } else {
        &series.high
    };
    high.iter().flatten().copied().fold(f64::MIN, f64::max)
}

fn time_line(journal: &Journal) -> TimeLine {
    journal.report().time_line.unwrap()
}

/// A worker at 100 Hz for so many seconds, with one reading of 20 GiB amidst many of 10.
fn long(seconds: u32) -> Journal {
    let mut journal = Journal::fifth();
    for second in 0..seconds {
        let mut samples = Vec::new();
        for n in 0..100 {
            journal.wait(10_000);
            let mut sample = journal.a_sample(1);
            let spike = second == seconds / 2 && n == 50;
            sample.gpus.push(GpuSample {
                memory_used_bytes: Some(if spike { 20 * GIB } else { 10 * GIB }),
                memory_total_bytes: Some(24 * GIB),
                power_milliwatts: Some(340_000),
                ..GpuSample::default()
            });
            samples.push(sample);
        }
        journal.push(Event::SampleBlock(SampleBlock::of(&samples, 0)));
    }
    journal
}

#[test]
fn the_one_reading_that_stood_out_is_kept_and_the_size_does_not_grow() {
    let sizes = [60, 1200].map(|seconds| {
        let mut journal = long(seconds);
        journal.leave(1);
        journal.run_end();
        let line = time_line(&journal);
        let gpu = series(&line.readings, Reading::GpuMemoryUsedBytes);
        assert_eq!(highest(gpu), 20.0 * GIB as f64);
        assert_eq!(gpu.total, Some(24.0 * GIB as f64));
        let buckets = line.readings.buckets.len();
        assert!((200..=512).contains(&buckets), "{buckets}");
        assert_eq!(gpu.low.len(), buckets);
        let power = series(&line.readings, Reading::GpuPowerMilliwatts);
        assert!(power.high.is_empty(), "the same as the lowest");
        serde_json::to_string(&line).unwrap().len()
    });
    assert!(sizes[1] < 2 * sizes[0], "{sizes:?}");
}

#[test]
fn the_last_seconds_before_a_crash_are_seen_closer() {
    let mut journal = long(120);
    let decode = journal.begin(1, Phase::Decode, Journal::at(5, 5));
    assert!(decode > 0);
    let mut sample = journal.a_sample(1);
    sample.worker.as_mut().unwrap().rss_bytes = Some(9 * GIB);
    journal.end(1, signal(11));
    // It was taken before the end, and came to the journal after it; what was taken later is not of it.
    journal.push(Event::Samples(vec![sample]));
    journal.wait(1_000_000);
    journal.rss_bytes = 50 * GIB;
    journal.sample(1);
    journal.run_end();
    let line = time_line(&journal);
    let [close] = &line.close_ups[..] else {
        panic!("{:?}", line.close_ups);
    };
    assert_eq!(close.attempt, 1);
    assert_eq!(close.place, "fifth, image 5, phase decode");
    assert!((close.end_seconds - close.start_seconds - 10.0).abs() < 1e-6);
    let rss = series(&close.readings, Reading::WorkerRssBytes);
    assert_eq!(highest(rss), 9.0 * GIB as f64);
    assert!((150..=202).contains(&rss.low.len()), "{}", rss.low.len());
    let last = close.bands.last().unwrap();
    assert_eq!(
        (last.phase.clone(), last.image),
        (Some(Phase::Decode), Some(5))
    );
    assert_eq!(line.crash_points[0].seconds, close.end_seconds);
}

#[test]
fn a_run_that_stopped_with_the_machine_has_its_last_seconds_too() {
    let mut journal = long(30);
    journal.wait(3_600_000_000);
    journal.header_of("boot-b", 7, Writer::Recover);
    let line = time_line(&journal);
    let close = &line.close_ups[0];
    assert!((30.0..32.0).contains(&close.end_seconds), "{close:?}");
    assert!(!close.readings.buckets.is_empty());
}

#[test]
fn phases_are_bands_in_their_order_and_survivors_have_no_close_up() {
    let line = time_line(&ladder_with_a_bad_fifth());
    let spans: Vec<(u32, &str)> = line
        .attempts
        .iter()
        .map(|span| (span.attempt, span.case.as_str()))
        .collect();
    assert_eq!(
        spans,
        [(1, "single"), (2, "each-alone/1"), (3, "each-alone/5")]
    );
    let of_the_first: Vec<&str> = line
        .bands
        .iter()
        .filter(|band| band.attempt == 1)
        .filter_map(|band| band.phase.as_ref().map(Phase::as_str))
        .collect();
    assert_eq!(
        of_the_first,
        [
            "start",
            "load",
            "preprocess",
            "vision",
            "prefill",
            "decode",
            "idle",
            "teardown"
        ]
    );
    assert_eq!(line.close_ups.len(), 1);
    assert_eq!(line.close_ups[0].attempt, 3);
    assert!(
        line.bands
            .is_sorted_by(|a, b| a.start_seconds <= b.start_seconds)
    );
}

#[test]
fn a_day_of_images_is_only_ever_so_many_bands() {
    let mut journal = Journal::of(&[("soak", "soak", &[1])]);
    journal.worker(1, "soak");
    for position in 1..=5000 {
        journal.analysis(1, 1, position);
    }
    journal.leave(1);
    journal.run_end();
    let line = time_line(&journal);
    assert!(line.bands.len() <= 600, "{}", line.bands.len());
    let all: u32 = line.bands.iter().map(|band| band.phases).sum();
    assert!(all > 20_000, "{all}");
}

#[test]
fn a_report_from_before_it_is_still_read() {
    let report = ladder_with_a_bad_fifth().report();
    let mut value: serde_json::Value = serde_json::from_str(&render::json(&report)).unwrap();
    value.as_object_mut().unwrap().remove("time_line").unwrap();
    let read: crashpoint_reports::Report = serde_json::from_value(value).unwrap();
    assert_eq!(read.time_line, None);
    assert_eq!(read.cases, report.cases);
}
