//! NVML itself. Only the probe process comes here.

use std::ffi::OsStr;
use std::path::PathBuf;

use crashpoint_reports::environment::{Gpu, GpuFacts};
use crashpoint_reports::sample::{GpuFinding, GpuSample};
use nvml_wrapper::Nvml;
use nvml_wrapper::device::Device;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::{Bits, NvmlError};
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::Reply;

/// Names the library to load, where it is not where a driver installs it.
const LIBRARY: &str = "CRASHPOINT_NVML";

/// As every current driver installs it.
const NAME: &str = "libnvidia-ml.so.1";
/// Where it may lie besides.
const OTHER_NAMES: [&str; 2] = ["libnvidia-ml.so", "/usr/lib/wsl/lib/libnvidia-ml.so.1"];

#[derive(Debug)]
pub(super) struct Gpus {
    nvml: Nvml,
    known: GpuFacts,
}

/// Why there is no GPU to ask.
#[derive(Debug, thiserror::Error)]
pub(super) enum Absent {
    #[error("failed to load NVML, the NVIDIA driver's library: {0}")]
    Library(String),
    #[error("failed to load {} in place of NVML, as {LIBRARY} says: {because}", path.display())]
    Named { path: PathBuf, because: String },
    #[error(
        "the NVIDIA driver's library and its kernel module are of different versions, as after an update without a restart: restart the machine, or unload and load the modules"
    )]
    Mismatch,
    #[error("failed to start NVML: {0}")]
    Start(NvmlError),
    #[error("failed to count the GPUs with NVML: {0}")]
    Count(NvmlError),
    #[error("NVML finds no GPU")]
    NoGpu,
}

#[cfg(test)]
impl Absent {
    pub(super) fn for_test(because: &str) -> Absent {
        Absent::Library(because.to_owned())
    }
}

impl Gpus {
    pub(super) fn find() -> Result<Gpus, Absent> {
        let nvml = start()?;
        let count = nvml.device_count().map_err(Absent::Count)?;
        if count == 0 {
            return Err(Absent::NoGpu);
        }
        let known = GpuFacts {
            driver_version: nvml.sys_driver_version().ok(),
            cuda_version: nvml.sys_cuda_driver_version().ok().map(cuda_version),
            gpus: (0..count).map(|index| describe(&nvml, index)).collect(),
        };
        Ok(Gpus { nvml, known })
    }

    pub(super) fn facts(&self) -> Reply {
        Reply::Facts(self.known.clone())
    }

    pub(super) fn read(&self, worker_pid: Option<i32>) -> Reply {
        Reply::Read(
            self.known
                .gpus
                .iter()
                .map(|gpu| read(&self.nvml, gpu, worker_pid))
                .collect(),
        )
    }
}

fn start() -> Result<Nvml, Absent> {
    if let Some(path) = std::env::var_os(LIBRARY).filter(|path| !path.is_empty()) {
        let loaded = load(&path)?;
        return loaded.map_err(|because| Absent::Named {
            path: path.into(),
            because,
        });
    }
    let missing = match load(OsStr::new(NAME))? {
        Ok(nvml) => return Ok(nvml),
        Err(because) => because,
    };
    for name in OTHER_NAMES {
        if let Ok(nvml) = load(OsStr::new(name))? {
            return Ok(nvml);
        }
    }
    Err(Absent::Library(missing))
}

/// The inner error says why there is no such library.
fn load(name: &OsStr) -> Result<Result<Nvml, String>, Absent> {
    match Nvml::builder().lib_path(name).init() {
        Ok(nvml) => Ok(Ok(nvml)),
        Err(NvmlError::LibloadingError(error)) => Ok(Err(error.to_string())),
        Err(NvmlError::LibRmVersionMismatch) => Err(Absent::Mismatch),
        Err(error) => Err(Absent::Start(error)),
    }
}

fn cuda_version(number: i32) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 10)
}

/// A GPU that can't be asked any more still has its index.
fn describe(nvml: &Nvml, index: u32) -> Gpu {
    let mut gpu = Gpu {
        index,
        ..Gpu::default()
    };
    let Ok(device) = nvml.device_by_index(index) else {
        return gpu;
    };
    gpu.uuid = device.uuid().unwrap_or_default();
    gpu.name = device.name().ok();
    gpu.memory_total_bytes = device.memory_info().ok().map(|memory| memory.total);
    gpu.pci = device.pci_info().ok().map(|pci| pci.bus_id);
    gpu.compute_capability = device
        .cuda_compute_capability()
        .ok()
        .map(|version| format!("{}.{}", version.major, version.minor));
    gpu.vbios = device.vbios_version().ok();
    gpu.power_limit_milliwatts = device.enforced_power_limit().ok().map(u64::from);
    gpu
}

fn read(nvml: &Nvml, gpu: &Gpu, worker_pid: Option<i32>) -> GpuSample {
    let mut findings = Findings::default();
    let mut sample = GpuSample {
        index: gpu.index,
        uuid: gpu.uuid.clone(),
        ..GpuSample::default()
    };
    if let Some(device) = findings.keep(nvml.device_by_index(gpu.index)) {
        fill(&mut sample, &device, worker_pid, &mut findings);
    }
    sample.findings = findings.0;
    sample
}

fn fill(
    sample: &mut GpuSample,
    device: &Device<'_>,
    worker_pid: Option<i32>,
    findings: &mut Findings,
) {
    if let Some(memory) = findings.keep(device.memory_info()) {
        sample.memory_used_bytes = Some(memory.used);
        sample.memory_total_bytes = Some(memory.total);
        sample.memory_driver_bytes = Some(memory.reserved);
    }
    sample.power_milliwatts = findings.keep(device.power_usage()).map(u64::from);
    sample.celsius = findings.keep(device.temperature(TemperatureSensor::Gpu));
    sample.utilization_percent = findings
        .keep(device.utilization_rates())
        .map(|rates| rates.gpu);
    sample.sm_clock_mhz = findings.keep(device.clock_info(Clock::SM));
    sample.memory_clock_mhz = findings.keep(device.clock_info(Clock::Memory));
    sample.throttle_reasons = match device.current_throttle_reasons_strict() {
        // Reasons that are newer than the wrapper are reasons all the same.
        Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Some(bits),
        known => findings.keep(known).map(|reasons| reasons.bits()),
    };
    if let Some(pid) = worker_pid.and_then(|pid| u32::try_from(pid).ok()) {
        sample.worker_memory_bytes = findings
            .keep(device.running_compute_processes())
            .and_then(|processes| memory_of(pid, &processes))
            .or_else(|| memory_of(pid, &findings.keep(device.running_graphics_processes())?));
    }
}

/// `None` if the process is not on this GPU, or if NVML may not say: not zero.
fn memory_of(pid: u32, processes: &[ProcessInfo]) -> Option<u64> {
    let mut shares = processes
        .iter()
        .filter(|process| process.pid == pid)
        .filter_map(|process| match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        });
    // Under MIG one process may appear once for each instance.
    let first = shares.next()?;
    Some(shares.fold(first, u64::saturating_add))
}

/// Sorts what NVML answers in place of a value: about the GPU, or just not available here.
#[derive(Debug, Default)]
struct Findings(Vec<GpuFinding>);

impl Findings {
    fn keep<T>(&mut self, answer: Result<T, NvmlError>) -> Option<T> {
        let found = match answer {
            Ok(value) => return Some(value),
            Err(NvmlError::GpuLost) => GpuFinding::GpuIsLost,
            Err(NvmlError::ResetRequired) => GpuFinding::ResetRequired,
            Err(NvmlError::Timeout) => GpuFinding::Timeout,
            Err(NvmlError::Unknown) => GpuFinding::Unknown,
            Err(NvmlError::IrqIssue) => GpuFinding::IrqIssue,
            Err(NvmlError::InsufficientPower) => GpuFinding::InsufficientPower,
            Err(NvmlError::CorruptedInfoROM) => GpuFinding::CorruptedInforom,
            Err(_) => return None,
        };
        if !self.0.contains(&found) {
            self.0.push(found);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, used_gpu_memory: UsedGpuMemory) -> ProcessInfo {
        ProcessInfo {
            pid,
            used_gpu_memory,
            gpu_instance_id: None,
            compute_instance_id: None,
        }
    }

    #[test]
    fn what_is_not_attributed_is_not_zero() {
        let processes = [
            process(7, UsedGpuMemory::Used(10)),
            process(8, UsedGpuMemory::Unavailable),
            process(7, UsedGpuMemory::Used(5)),
        ];
        assert_eq!(memory_of(7, &processes), Some(15));
        assert_eq!(memory_of(8, &processes), None);
        assert_eq!(memory_of(9, &processes), None);
    }

    #[test]
    fn errors_about_the_gpu_are_findings_and_each_is_kept_once() {
        let mut findings = Findings::default();
        for error in [
            NvmlError::GpuLost,
            NvmlError::NotSupported,
            NvmlError::NoPermission,
            NvmlError::GpuLost,
            NvmlError::Timeout,
            NvmlError::Unknown,
            NvmlError::ResetRequired,
        ] {
            assert_eq!(findings.keep::<()>(Err(error)), None);
        }
        assert_eq!(findings.keep(Ok(3)), Some(3));
        assert_eq!(
            findings.0,
            [
                GpuFinding::GpuIsLost,
                GpuFinding::Timeout,
                GpuFinding::Unknown,
                GpuFinding::ResetRequired
            ]
        );
    }

    #[test]
    fn cuda_versions_read_as_nvidia_writes_them() {
        assert_eq!(cuda_version(12080), "12.8");
        assert_eq!(cuda_version(11000), "11.0");
    }
}
