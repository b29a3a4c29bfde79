//! The figures of two runs, each in a row: before, after, and the change.

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::words::{duration, number, percent, size};

/// Values as people read them; the exact ones are in the two reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Of a number: how much it changed, as in `-12.0%`.
    pub change: Option<String>,
}

type Of<T> = fn(&Report) -> Option<T>;
type Shown = fn(f64) -> String;

pub fn rows(before: &Report, after: &Report) -> Vec<Row> {
    let texts: [(&str, Of<String>); 4] = [
        ("analyses that succeeded", |it| {
            it.summary.success_rate.clone()
        }),
        ("critical image", |it| {
            it.summary.critical_test_passed.map(|passed| {
                if passed {
                    "survives"
                } else {
                    "does not survive"
                }
                .to_owned()
            })
        }),
        ("crash point", |it| it.summary.crash_point.clone()),
        ("memory of the host", |it| {
            it.summary.system_memory_usage.clone()
        }),
    ];
    let figures: [(&str, Of<f64>, Shown); 9] = [
        (
            "time for an image, median",
            |it| Some(it.statistics.image_seconds?.median),
            duration,
        ),
        (
            "time for an image, p95",
            |it| Some(it.statistics.image_seconds?.p95),
            duration,
        ),
        (
            "tokens/s, median",
            |it| Some(it.statistics.tokens_per_second?.median),
            number,
        ),
        (
            "time to load, median",
            |it| it.summary.load_seconds,
            duration,
        ),
        (
            "memory of a worker, peak",
            |it| bytes(it.summary.peak_rss_bytes),
            in_bytes,
        ),
        (
            "GPU memory allocated, peak",
            |it| bytes(it.summary.gpu_memory_allocated_bytes),
            in_bytes,
        ),
        (
            "GPU memory reserved, peak",
            |it| bytes(it.summary.gpu_memory_reserved_bytes),
            in_bytes,
        ),
        ("GPU temperature, peak", celsius, |it| format!("{it:.0} °C")),
        ("time of the whole run", |it| Some(it.run.seconds), duration),
    ];
    let slope = |it: &Report| {
        let slope = it.statistics.memory_slope.as_ref()?.bytes_per_image;
        let kib = |bytes: f64| bytes / 1024.0;
        Some(format!(
            "{:+.1} KiB ({:+.1} to {:+.1})",
            kib(slope.estimate),
            kib(slope.low),
            kib(slope.high)
        ))
    };
    let mut rows: Vec<Row> = texts
        .into_iter()
        .map(|(name, of)| row(name, of(before), of(after), None))
        .collect();
    rows.extend(figures.into_iter().map(|(name, of, shown)| {
        let (was, is) = (of(before), of(after));
        row(name, was.map(shown), is.map(shown), change(was, is))
    }));
    rows.push(row(
        "memory slope, an image",
        slope(before),
        slope(after),
        None,
    ));
    rows.retain(|row| row.before.is_some() || row.after.is_some());
    rows
}

fn row(name: &str, before: Option<String>, after: Option<String>, change: Option<String>) -> Row {
    Row {
        name: name.to_owned(),
        before,
        after,
        change,
    }
}

fn bytes(value: Option<u64>) -> Option<f64> {
    value.map(|bytes| bytes as f64)
}

fn in_bytes(value: f64) -> String {
    size(value as u64)
}

fn celsius(report: &Report) -> Option<f64> {
    report.hottest_gpu_celsius().map(f64::from)
}

fn change(was: Option<f64>, is: Option<f64>) -> Option<String> {
    let (was, is) = (was.filter(|was| *was > 0.0)?, is?);
    let change = is / was - 1.0;
    let sign = if change < 0.0 { "-" } else { "+" };
    Some(format!("{sign}{}", percent(change.abs())))
}
