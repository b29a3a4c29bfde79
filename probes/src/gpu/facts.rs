//! What does not change while a run lasts.

use crashpoint_reports::environment::Gpu;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureThreshold};
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_NVLINK_LINK_COUNT;

use super::look::Look;

/// A GPU that can't be asked any more still has its index.
pub(super) fn facts(index: u32, look: &mut Look<'_>) -> Gpu {
    let mut limit = |of: TemperatureThreshold| {
        look.ask("nvmlDeviceGetTemperatureThreshold", |it| {
            it.temperature_threshold(of)
        })
    };
    let (slowdown, shutdown) = (
        limit(TemperatureThreshold::Slowdown),
        limit(TemperatureThreshold::Shutdown),
    );
    let (gpu_max, memory_max) = (
        limit(TemperatureThreshold::GpuMax),
        limit(TemperatureThreshold::MemoryMax),
    );
    let range = look.ask("nvmlDeviceGetPowerManagementLimitConstraints", |it| {
        it.power_management_limit_constraints()
    });
    let [links] = look.fields([NVML_FI_DEV_NVLINK_LINK_COUNT]);
    Gpu {
        index,
        uuid: look
            .ask("nvmlDeviceGetUUID", |it| it.uuid())
            .unwrap_or_else(|| no_uuid(index)),
        name: look.ask("nvmlDeviceGetName", |it| it.name()),
        memory_total_bytes: look
            .ask("nvmlDeviceGetMemoryInfo", |it| it.memory_info())
            .map(|memory| memory.total),
        pci: look
            .ask("nvmlDeviceGetPciInfo", |it| it.pci_info())
            .map(|pci| pci.bus_id),
        compute_capability: look
            .ask("nvmlDeviceGetCudaComputeCapability", |it| {
                it.cuda_compute_capability()
            })
            .map(|version| format!("{}.{}", version.major, version.minor)),
        vbios: look.ask("nvmlDeviceGetVbiosVersion", |it| it.vbios_version()),
        power_limit_milliwatts: look
            .ask("nvmlDeviceGetEnforcedPowerLimit", |it| {
                it.enforced_power_limit()
            })
            .map(u64::from),
        power_limit_set_milliwatts: look
            .ask("nvmlDeviceGetPowerManagementLimit", |it| {
                it.power_management_limit()
            })
            .map(u64::from),
        power_limit_default_milliwatts: look
            .ask("nvmlDeviceGetPowerManagementDefaultLimit", |it| {
                it.power_management_limit_default()
            })
            .map(u64::from),
        power_limit_least_milliwatts: range.as_ref().map(|range| range.min_limit.into()),
        power_limit_most_milliwatts: range.map(|range| range.max_limit.into()),
        slowdown_celsius: slowdown,
        shutdown_celsius: shutdown,
        max_operating_celsius: gpu_max,
        memory_max_operating_celsius: memory_max,
        sm_clock_max_mhz: look.ask("nvmlDeviceGetMaxClockInfo", |it| {
            it.max_clock_info(Clock::SM)
        }),
        memory_clock_max_mhz: look.ask("nvmlDeviceGetMaxClockInfo", |it| {
            it.max_clock_info(Clock::Memory)
        }),
        pcie_generation_max: look.ask("nvmlDeviceGetMaxPcieLinkGeneration", |it| {
            it.max_pcie_link_gen()
        }),
        pcie_width_max: look.ask("nvmlDeviceGetMaxPcieLinkWidth", |it| {
            it.max_pcie_link_width()
        }),
        nvlinks: links.and_then(|links| u32::try_from(links).ok()),
        ecc: look
            .ask("nvmlDeviceGetEccMode", |it| it.is_ecc_enabled())
            .map(|mode| mode.currently_enabled),
        persistence: look.ask("nvmlDeviceGetPersistenceMode", |it| {
            it.is_in_persistent_mode()
        }),
        mig: look
            .ask("nvmlDeviceGetMigMode", |it| it.mig_mode())
            .map(|mode| mode.current != 0),
    }
}

/// Samples are told apart by something.
pub(super) fn no_uuid(index: u32) -> String {
    format!("index {index}")
}
