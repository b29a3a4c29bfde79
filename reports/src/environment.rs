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
}
