//! What the probes saw of the host over a whole run, taken together: what two runs have to share
//! besides their settings before their times can be compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Highest values of all samples, unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Observed {
    pub samples: u64,
    /// Mean share of time in which some task waited for a processor, in percent.
    pub cpu_pressure_percent: Option<f64>,
    pub cpu_celsius: Option<f64>,
}
