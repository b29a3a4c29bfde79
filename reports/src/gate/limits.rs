//! What a gate holds a run to.

use serde::{Deserialize, Serialize};

use super::Rule;

/// Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Without one a crash rate is only compared with the baseline's.
    pub max_crash_rate: Option<f64>,
    /// Of the time for an image, and of tokens/s.
    pub max_slowdown: f64,
    /// Of the time to load: short, done once, and at the mercy of the file cache.
    pub max_load_slowdown: f64,
    pub max_memory_growth: f64,
    /// An image, beyond the baseline's own.
    pub max_memory_slope_bytes: f64,
    /// Fields that may differ from the baseline's.
    pub ignore: Vec<String>,
    /// Rules that are not to be judged.
    pub skip: Vec<Rule>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_crash_rate: None,
            max_slowdown: 0.05,
            max_load_slowdown: 0.2,
            max_memory_growth: 0.05,
            max_memory_slope_bytes: 1024.0 * 1024.0,
            ignore: Vec::new(),
            skip: Vec::new(),
        }
    }
}
