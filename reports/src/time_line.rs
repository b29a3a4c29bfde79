//! The time line: what the probes read over the length of a run, thinned out until it is small.
//!
//! Its size does not grow with the run. Nothing that stood out is lost by that: every bucket keeps
//! the lowest and the highest value that was read in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::outcome::Outcome;
use crate::phase::Phase;

pub const VERSION: u32 = 1;

/// All times are seconds since the run's first record; what lies between two boots is not counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeLine {
    /// Of this part of the report: 1.
    pub version: u32,
    /// Over the whole run.
    pub readings: Readings,
    pub attempts: Vec<Span>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts_left_out: u64,
    pub bands: Vec<Band>,
    /// When each planned attempt died or was last seen, in this order.
    pub crash_points: Vec<Mark>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub crash_points_left_out: u64,
    /// The last seconds before the first crash points.
    pub close_ups: Vec<CloseUp>,
}

/// Readings in buckets of one width.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Readings {
    /// Where bucket 0 begins.
    pub start_seconds: f64,
    pub bucket_seconds: f64,
    /// The buckets in which something was read, ascending. Every list below has a value for each.
    pub buckets: Vec<u32>,
    pub series: Vec<Series>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    pub reading: Reading,
    /// By NVML's index; absent for a reading of the host or the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<u32>,
    /// `null` where this was not read.
    pub low: Vec<Option<f64>>,
    /// Empty where it is the same as `low` throughout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Option<f64>>,
    /// What there is of it in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
}

/// What is read; its unit stands in its name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, VariantArray,
)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    GpuMemoryUsedBytes,
    GpuWorkerMemoryBytes,
    HostMemoryUsedBytes,
    WorkerRssBytes,
    GpuPowerMilliwatts,
    GpuCelsius,
    CpuCelsius,
    HottestCelsius,
    GpuSmClockMegahertz,
    GpuMemoryClockMegahertz,
    GpuUtilizationPercent,
}

impl Reading {
    pub const ALL: &'static [Reading] = <Reading as VariantArray>::VARIANTS;
}

/// An attempt from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The attempt's number in the run.
    pub attempt: u32,
    pub case: String,
    pub outcome: Outcome,
    pub start_seconds: f64,
    pub seconds: f64,
}

/// A phase, or several that are too short to be seen one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Band {
    pub attempt: u32,
    /// `null` for several.
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<u32>,
    /// How many it stands for.
    pub phases: u32,
    pub start_seconds: f64,
    pub seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    pub attempt: u32,
    /// As in [`crate::report::CrashPoint::place`].
    pub place: String,
    pub seconds: f64,
}

/// The last seconds before a crash point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloseUp {
    pub attempt: u32,
    pub place: String,
    pub start_seconds: f64,
    /// The crash point.
    pub end_seconds: f64,
    pub readings: Readings,
    pub bands: Vec<Band>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
