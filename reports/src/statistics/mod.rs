//! Numbers that do not claim more than was measured: each carries its n and its interval.

pub mod between_runs;
mod binomial;
mod fisher;
mod holm;
pub mod rank_test;
mod spread;
pub mod theil_sen;
pub mod trend;

pub use binomial::{attempts_needed, tail_above};
pub use fisher::{fisher, fisher_above};
pub use holm::holm;
pub use spread::lower_quartile;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A two-sided 95 % interval round an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
}

/// A rate, by the exact binomial distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proportion {
    pub events: u32,
    pub n: u32,
    /// Two-sided, 95 %.
    pub interval: Interval,
    /// One-sided: with 95 % confidence the rate is below this.
    pub below: f64,
}

/// What a number of measurements of one thing look like; quantiles are interpolated (type 7).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    pub n: u32,
    pub median: f64,
    pub p95: f64,
    pub max: f64,
}
