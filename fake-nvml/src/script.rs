//! What a script can say. A quantity that it does not name is one that the GPU does not support.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::answer::Answer;
use crate::series::{Series, Trigger, Turn};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    #[serde(default = "driver")]
    pub(crate) driver_version: String,
    #[serde(default = "cuda")]
    pub(crate) cuda_version: i32,
    /// What `nvmlInit_v2` answers instead of success.
    pub(crate) init: Option<Answer>,
    #[serde(default)]
    pub(crate) gpu: Vec<Gpu>,
    #[serde(default)]
    pub(crate) xid: Vec<Xid>,
    /// What a file in `when` is relative to.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

fn driver() -> String {
    "570.124.06".to_owned()
}

fn cuda() -> i32 {
    12080
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gpu {
    pub(crate) uuid: String,
    pub(crate) pci: String,
    pub(crate) name: Option<String>,
    pub(crate) vbios: Option<String>,
    pub(crate) compute_capability: Option<(i32, i32)>,
    pub(crate) memory_total_mib: Option<Series>,
    pub(crate) memory_used_mib: Option<Series>,
    #[serde(default)]
    pub(crate) memory_reserved_mib: Series,
    #[serde(default)]
    pub(crate) process: Vec<Process>,
    pub(crate) power_milliwatts: Option<Series>,
    pub(crate) power_limit_milliwatts: Option<Series>,
    pub(crate) power_limit_enforced_milliwatts: Option<Series>,
    pub(crate) power_limit_default_milliwatts: Option<Series>,
    pub(crate) power_limit_milliwatts_from: Option<Series>,
    pub(crate) power_limit_milliwatts_to: Option<Series>,
    pub(crate) celsius: Option<Series>,
    pub(crate) celsius_shutdown: Option<Series>,
    pub(crate) celsius_slowdown: Option<Series>,
    pub(crate) celsius_max_operating: Option<Series>,
    pub(crate) celsius_memory_max_operating: Option<Series>,
    pub(crate) utilization_percent: Option<Series>,
    #[serde(default)]
    pub(crate) memory_utilization_percent: Series,
    pub(crate) sm_clock_mhz: Option<Series>,
    pub(crate) memory_clock_mhz: Option<Series>,
    pub(crate) sm_clock_max_mhz: Option<Series>,
    pub(crate) memory_clock_max_mhz: Option<Series>,
    /// NVML's bits.
    pub(crate) throttle_reasons: Option<Series>,
    pub(crate) performance_state: Option<Series>,
    pub(crate) fans: Option<Series>,
    pub(crate) fan_percent: Option<Series>,
    pub(crate) pcie_generation: Option<Series>,
    pub(crate) pcie_generation_max: Option<Series>,
    pub(crate) pcie_width: Option<Series>,
    pub(crate) pcie_width_max: Option<Series>,
    pub(crate) pcie_replays: Option<Series>,
    pub(crate) ecc: Option<bool>,
    pub(crate) ecc_corrected_volatile: Option<Series>,
    pub(crate) ecc_corrected_aggregate: Option<Series>,
    pub(crate) ecc_uncorrected_volatile: Option<Series>,
    pub(crate) ecc_uncorrected_aggregate: Option<Series>,
    pub(crate) persistence: Option<bool>,
    pub(crate) mig: Option<bool>,
    /// By NVML's number of the field.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Series>,
    #[serde(default)]
    pub(crate) instead: Vec<Instead>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Process {
    pid: Option<u32>,
    /// A file that has it, for one that is not known when the script is written.
    pid_file: Option<PathBuf>,
    /// None where NVML may not say.
    pub(crate) used_mib: Option<Series>,
}

/// In place of a call's value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Instead {
    /// NVML's own name of the function, or `*` for all that are about this GPU.
    pub(crate) call: String,
    pub(crate) answer: Answer,
    #[serde(flatten)]
    pub(crate) trigger: Trigger,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Xid {
    #[serde(default)]
    pub(crate) gpu: usize,
    pub(crate) number: u64,
    #[serde(flatten)]
    pub(crate) trigger: Trigger,
}

impl Script {
    pub(crate) fn read(path: &Path) -> Result<Script, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut script: Script = toml::from_str(&text).map_err(|error| error.to_string())?;
        script.folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(script)
    }
}

impl Process {
    pub(crate) fn pid(&self, turn: Turn<'_>) -> Option<u32> {
        self.pid.or_else(|| {
            let text = std::fs::read_to_string(turn.folder.join(self.pid_file.as_ref()?)).ok()?;
            text.trim().parse().ok()
        })
    }
}
