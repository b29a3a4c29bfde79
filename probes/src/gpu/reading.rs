//! What is read of a GPU for every sample.

use crashpoint_reports::GpuSample;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::{Bits, NvmlError};
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_MEMORY_TEMP;

use super::look::Look;

/// What NVML says where there are no such states, or none that it knows.
const UNKNOWN_STATE: u32 = 16;

pub(super) fn read(sample: &mut GpuSample, look: &mut Look<'_>, worker_pid: Option<i32>) {
    if let Some(memory) = look.ask("nvmlDeviceGetMemoryInfo", |it| it.memory_info()) {
        sample.memory_used_bytes = Some(memory.used);
        sample.memory_total_bytes = Some(memory.total);
        sample.memory_driver_bytes = Some(memory.reserved);
    }
    sample.power_milliwatts = look
        .ask("nvmlDeviceGetPowerUsage", |it| it.power_usage())
        .map(u64::from);
    sample.celsius = look.ask("nvmlDeviceGetTemperature", |it| {
        it.temperature(TemperatureSensor::Gpu)
    });
    let [memory_celsius] = look.fields([NVML_FI_DEV_MEMORY_TEMP]);
    // Cards without such a sensor say 0 degrees.
    sample.memory_celsius = memory_celsius
        .and_then(|celsius| u32::try_from(celsius).ok())
        .filter(|&celsius| celsius > 0);
    if let Some(rates) = look.ask("nvmlDeviceGetUtilizationRates", |it| it.utilization_rates()) {
        sample.utilization_percent = Some(rates.gpu);
        sample.memory_utilization_percent = Some(rates.memory);
    }
    sample.sm_clock_mhz = look.ask("nvmlDeviceGetClockInfo", |it| it.clock_info(Clock::SM));
    sample.memory_clock_mhz = look.ask("nvmlDeviceGetClockInfo", |it| it.clock_info(Clock::Memory));
    sample.throttle_reasons = look.ask("nvmlDeviceGetCurrentClocksThrottleReasons", |it| {
        match it.current_throttle_reasons_strict() {
            // Reasons that are newer than the wrapper are reasons all the same.
            Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Ok(bits),
            known => known.map(|reasons| reasons.bits()),
        }
    });
    sample.performance_state = look
        .ask("nvmlDeviceGetPerformanceState", |it| it.performance_state())
        .map(|state| state.as_c())
        .filter(|&state| state < UNKNOWN_STATE);
    sample.fan_percent = look.ask("nvmlDeviceGetFanSpeed", |it| it.fan_speed(0));
    sample.pcie_generation = look.ask("nvmlDeviceGetCurrPcieLinkGeneration", |it| {
        it.current_pcie_link_gen()
    });
    sample.pcie_width = look.ask("nvmlDeviceGetCurrPcieLinkWidth", |it| {
        it.current_pcie_link_width()
    });
    if let Some(pid) = worker_pid.and_then(|pid| u32::try_from(pid).ok()) {
        sample.worker_memory_bytes = compute(look)
            .and_then(|processes| memory_of(pid, &processes))
            .or_else(|| memory_of(pid, &graphics(look)?));
    }
}

pub(super) fn compute(look: &mut Look<'_>) -> Option<Vec<ProcessInfo>> {
    look.ask("nvmlDeviceGetComputeRunningProcesses", |it| {
        it.running_compute_processes()
    })
}

pub(super) fn graphics(look: &mut Look<'_>) -> Option<Vec<ProcessInfo>> {
    look.ask("nvmlDeviceGetGraphicsRunningProcesses", |it| {
        it.running_graphics_processes()
    })
}

/// `None` where NVML may not say.
pub(super) fn used(process: &ProcessInfo) -> Option<u64> {
    match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => Some(bytes),
        UsedGpuMemory::Unavailable => None,
    }
}

/// `None` if the process is not on this GPU, or if NVML may not say: not zero.
fn memory_of(pid: u32, processes: &[ProcessInfo]) -> Option<u64> {
    let mut shares = processes
        .iter()
        .filter(|process| process.pid == pid)
        .filter_map(used);
    // Under MIG one process may appear once for each instance.
    let first = shares.next()?;
    Some(shares.fold(first, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_attributed_is_not_zero() {
        let process = |pid, used_gpu_memory| ProcessInfo {
            pid,
            used_gpu_memory,
            gpu_instance_id: None,
            compute_instance_id: None,
        };
        let processes = [
            process(7, UsedGpuMemory::Used(10)),
            process(8, UsedGpuMemory::Unavailable),
            process(7, UsedGpuMemory::Used(5)),
        ];
        assert_eq!(memory_of(7, &processes), Some(15));
        assert_eq!(memory_of(8, &processes), None);
        assert_eq!(memory_of(9, &processes), None);
    }
}
