//! What was measured, in words that every form of the report shares: each number with what may be
//! claimed of it.

use crate::report::{Report, Statistics};
use crate::statistics::Spread;
use crate::words::{counted, percent, size};

pub fn spreads(report: &Report) -> impl Iterator<Item = (&'static str, Spread)> {
    let statistics = &report.statistics;
    [
        ("seconds an image", statistics.image_seconds),
        ("tokens/s", statistics.tokens_per_second),
        ("seconds to load", statistics.load_seconds),
    ]
    .into_iter()
    .filter_map(|(name, spread)| Some((name, spread?)))
}

pub fn lines(report: &Report) -> Vec<String> {
    let statistics = &report.statistics;
    [without_rate(report), crash_rate(statistics)].concat()
}

/// The same, for whoever tells the crash rate in words of its own.
pub fn without_rate(report: &Report) -> Vec<String> {
    [memory(report), slope(&report.statistics)].concat()
}

fn memory(report: &Report) -> Vec<String> {
    let summary = &report.summary;
    let mut lines = Vec::new();
    if let Some(bytes) = summary.peak_rss_bytes {
        lines.push(format!("Peak memory of a worker: {}", size(bytes)));
    }
    if let (Some(share), Some(used), Some(total)) = (
        &summary.system_memory_usage,
        summary.system_memory_used_bytes,
        summary.system_memory_total_bytes,
    ) {
        lines.push(format!(
            "Peak memory of the host: {share} ({} of {})",
            size(used),
            size(total)
        ));
    }
    if let (Some(allocated), Some(reserved)) =
        (&summary.gpu_memory_allocated, &summary.gpu_memory_reserved)
    {
        lines.push(format!(
            "Peak memory of the GPU's allocator: {allocated} allocated, {reserved} reserved"
        ));
    }
    lines
}

fn slope(statistics: &Statistics) -> Vec<String> {
    let line = statistics.memory_slope.as_ref().map(|slope| {
        let kib = |bytes: f64| bytes / 1024.0;
        let per_image = &slope.bytes_per_image;
        format!(
            "Slope of a worker's memory: {:+.1} KiB an image (95% interval {:+.1} to {:+.1}; Theil-Sen over {} in {}, attempt {})",
            kib(per_image.estimate),
            kib(per_image.low),
            kib(per_image.high),
            counted(slope.n as usize, "image"),
            slope.case,
            slope.attempt,
        )
    });
    line.into_iter().collect()
}

fn crash_rate(statistics: &Statistics) -> Vec<String> {
    let Some(rate) = statistics.crash_rate else {
        return Vec::new();
    };
    let mut lines = vec![format!(
        "Crash rate: {} of {} ({}); 95% interval (two-sided, exact) {} to {}",
        rate.events,
        counted(rate.n as usize, "attempt"),
        percent(rate.interval.estimate),
        percent(rate.interval.low),
        percent(rate.interval.high),
    )];
    if rate.events == 0 {
        lines.push(format!(
            "With none seen, the crash rate is below {} at 95% confidence (one-sided, exact)",
            percent(rate.below)
        ));
    }
    lines
}
