//! The headline figures of many runs, in the order in which they began.

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::statistics::Proportion;

pub const SCHEMA: &str = "crashpoint.history/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// `crashpoint.history/1`.
    pub schema: String,
    pub runs: Vec<Entry>,
}

/// A figure that was not measured is `null`, never zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub run: String,
    pub crashpoint: Option<String>,
    /// RFC 3339, UTC.
    pub started: Option<String>,
    pub complete: bool,
    pub seconds: f64,
    pub headline: String,
    pub crash_rate: Option<Proportion>,
    pub image_seconds_median: Option<f64>,
    pub image_seconds_p95: Option<f64>,
    pub tokens_per_second_median: Option<f64>,
    pub load_seconds_median: Option<f64>,
    pub peak_rss_bytes: Option<u64>,
    pub gpu_memory_reserved_bytes: Option<u64>,
    pub memory_slope_bytes_per_image: Option<f64>,
    /// Peaks of the hottest.
    pub gpu_celsius: Option<u32>,
    pub cpu_celsius: Option<f64>,
}

impl History {
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> History {
        let mut reports: Vec<&Report> = reports.into_iter().collect();
        // RFC 3339 in UTC sorts as text does; a run that never began stands first. Within a second
        // the clock of the boot tells, and by nothing else the name.
        reports.sort_by_key(|report| {
            let run = &report.run;
            let booted_us = run.header.as_ref().map(|it| it.boottime_us);
            (&run.started, booted_us, &run.id)
        });
        History {
            schema: SCHEMA.to_owned(),
            runs: reports.into_iter().map(Entry::of).collect(),
        }
    }
}

impl Entry {
    pub fn of(report: &Report) -> Entry {
        let statistics = &report.statistics;
        Entry {
            run: report.run.id.clone(),
            crashpoint: report.run.header.as_ref().map(|it| it.crashpoint.clone()),
            started: report.run.started.clone(),
            complete: report.run.complete,
            seconds: report.run.seconds,
            headline: report.summary.headline.clone(),
            crash_rate: statistics.crash_rate,
            image_seconds_median: statistics.image_seconds.map(|it| it.median),
            image_seconds_p95: statistics.image_seconds.map(|it| it.p95),
            tokens_per_second_median: statistics.tokens_per_second.map(|it| it.median),
            load_seconds_median: statistics.load_seconds.map(|it| it.median),
            peak_rss_bytes: report.summary.peak_rss_bytes,
            gpu_memory_reserved_bytes: report.summary.gpu_memory_reserved_bytes,
            memory_slope_bytes_per_image: statistics
                .memory_slope
                .as_ref()
                .map(|it| it.bytes_per_image.estimate),
            gpu_celsius: report.hottest_gpu_celsius(),
            cpu_celsius: report.observed.as_ref().and_then(|it| it.cpu_celsius),
        }
    }
}
