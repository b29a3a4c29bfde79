//! What is told of a GPU when it happens or changes, and so is no sample.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuNews {
    pub index: u32,
    pub uuid: String,
    /// `CLOCK_MONOTONIC` when it was seen, in microseconds.
    pub mono_us: u64,
    pub told: Told,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// By the driver, through NVML's event set.
    Xid(u64),
    Counters(Box<GpuCounters>),
    /// Whoever had a context on it when that changed.
    Processes(Vec<GpuProcess>),
    /// This call into NVML had not come back.
    Stuck(GpuCall),
    /// The call that took longest so far.
    Slowest(GpuCall),
}

/// What only ever counts up, or is set and stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuCounters {
    /// Since the driver was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_corrected_volatile: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_uncorrected_volatile: Option<u64>,
    /// Over the card's life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_corrected_aggregate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc_uncorrected_aggregate: Option<u64>,
    /// Rows of memory that were replaced by spare ones, by what gave rise to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_remapped_corrected: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_remapped_uncorrected: Option<u64>,
    /// A row is to be replaced at the next reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_remap_pending: Option<bool>,
    /// A row could not be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_remap_failed: Option<bool>,
    /// What the driver wants done before the GPU can be relied on again, as NVML numbers it: 0 nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_action: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_replays: Option<u64>,
    /// Of all links together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvlink_crc_errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvlink_replays: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvlink_recoveries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvlink_ecc_errors: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct GpuProcess {
    pub pid: u32,
    /// `None` where NVML may not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GpuCall {
    /// NVML's name of the function.
    pub call: String,
    pub us: u64,
}
