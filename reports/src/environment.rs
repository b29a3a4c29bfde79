//! What a run ran on: a snapshot that is safe to share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Environment {
    pub crashpoint: String,
    pub kernel: Option<String>,
    pub distribution: Option<String>,
    /// As Rust names it: `x86_64`, `aarch64`.
    pub architecture: String,
    pub cpu: Option<String>,
    /// Logical processors of the machine.
    pub cpus: Option<u32>,
    pub physical_cores: Option<u32>,
    /// Logical processors that this process may use: affinity and quota counted in.
    pub usable_cpus: Option<u32>,
    pub memory_total_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    /// In a container the host's.
    pub boot_id: Option<String>,
    /// What kind of container this looks like; absent where nothing hints at one.
    pub container: Option<String>,
    /// The control group that crashpoint itself is in.
    pub cgroup: Option<CgroupLimits>,
    pub user_id: u32,
    /// Every variable by name; the value only where it is known to be harmless.
    pub variables: BTreeMap<String, Option<String>>,
    pub gpu: GpuFacts,
    /// Why `gpu` is empty.
    pub gpu_absent_because: Option<String>,
    /// Absent where a program of the user's own is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_on: Option<RunsOn>,
}

/// What the cases are run by and on, and why these were chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunsOn {
    pub device: String,
    pub device_because: String,
    /// The executable, or `built in`.
    pub worker: String,
    /// What it was built with, by its own word.
    pub worker_features: Vec<String>,
    pub worker_because: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CgroupLimits {
    /// Of the hierarchy that counts memory: 1 or 2.
    pub version: u8,
    pub memory_limit_bytes: Option<u64>,
    /// The tightest quota, in processors.
    pub cpus: Option<f64>,
}

/// What NVML says once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuFacts {
    pub driver_version: Option<String>,
    /// The newest CUDA that this driver supports, such as `12.8`.
    pub cuda_version: Option<String>,
    pub gpus: Vec<Gpu>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gpu {
    /// NVML's index: in order of the PCI bus, whatever `CUDA_VISIBLE_DEVICES` says.
    pub index: u32,
    pub uuid: String,
    pub name: Option<String>,
    pub memory_total_bytes: Option<u64>,
    /// As NVML writes it, `00000000:65:00.0`: the kernel log gives the domain four digits.
    pub pci: Option<String>,
    pub compute_capability: Option<String>,
    pub vbios: Option<String>,
    /// The limit that is enforced at the time of asking.
    pub power_limit_milliwatts: Option<u64>,
    /// The limit that somebody has set, and what it can be set to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_limit_set_milliwatts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_limit_default_milliwatts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_limit_least_milliwatts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_limit_most_milliwatts: Option<u64>,
    /// At which it slows down hard, and at which it switches itself off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowdown_celsius: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_celsius: Option<u32>,
    /// Above which it may go below its base clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_operating_celsius: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_max_operating_celsius: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm_clock_max_mhz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_clock_max_mhz: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_generation_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_width_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nvlinks: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecc: Option<bool>,
    /// The driver keeps it awake while nobody uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistence: Option<bool>,
    /// It is cut into instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mig: Option<bool>,
}
