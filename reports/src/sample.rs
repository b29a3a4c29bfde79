//! A sample: one reading of every probe at one instant.
//!
//! A value that a machine does not have, or that could not be read, is `None`: never zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// `CLOCK_MONOTONIC`, in microseconds.
    pub mono_us: u64,
    /// Microseconds since the Unix epoch. Nothing is ordered by it.
    pub wall_us: u64,
    pub host: HostSample,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerSample>,
    /// One entry for each GPU that answered; empty where there is none to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuSample>,
    /// Set while the GPU's probe does not answer: for how long it has been silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_silent_us: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostSample {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total_bytes: Option<u64>,
    /// What the kernel thinks can be had without swapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_available_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_1m: Option<f64>,
    /// Pressure stall information: share of the last ten seconds in which some task waited, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_cpu_some_avg10: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_memory_some_avg10: Option<f64>,
    /// The same, in which every task waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_memory_full_avg10: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi_io_some_avg10: Option<f64>,
    /// The hottest sensor that belongs to a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_celsius: Option<f64>,
    /// The hottest sensor of the whole machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hottest_celsius: Option<f64>,
    /// Of the control group that the worker is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_memory_bytes: Option<u64>,
    /// The tightest limit on the way from that group to the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_memory_limit_bytes: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WorkerSample {
    pub pid: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Proportional set size: slow to read, so once a second at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pss_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fds: Option<u32>,
    /// User and system time of the process so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuSample {
    pub index: u32,
    pub uuid: String,
    /// NVML's numbers for the whole device: neither the allocator's *allocated* nor its *reserved*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total_bytes: Option<u64>,
    /// The driver's own share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_driver_bytes: Option<u64>,
    /// What NVML attributes to the worker's process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_milliwatts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_celsius: Option<u32>,
    /// Share of the time in which some kernel ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization_percent: Option<u32>,
    /// Share of the time in which memory was read or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_utilization_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm_clock_mhz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_clock_mhz: Option<u32>,
    /// NVML's bit set of clocks event (throttle) reasons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle_reasons: Option<u64>,
    /// 0 is the fastest, 15 the slowest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_state: Option<u32>,
    /// What the first fan is told to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_generation: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_width: Option<u32>,
    /// Set while this GPU does not answer: for how long it has been silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_us: Option<u64>,
    /// What NVML answered instead of a value, where that says something about the GPU; each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<GpuFinding>,
}

/// An error of NVML that is about the GPU, not about the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GpuFinding {
    GpuIsLost,
    ResetRequired,
    Timeout,
    Unknown,
    IrqIssue,
    InsufficientPower,
    CorruptedInforom,
}
