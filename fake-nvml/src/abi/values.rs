//! What is a text, a number or a pair of them.

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::*;

use super::put::{put, put_number, put_text};
use super::{Answered, answer, handle, has, state_of, value_of};
use crate::script::Gpu;
use crate::series::{Series, Turn};

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(
    index: c_uint,
    to: *mut nvmlDevice_t,
) -> nvmlReturn_t {
    let device = handle(index as usize + 1);
    answer(device, "nvmlDeviceGetHandleByIndex_v2", |_, _| {
        // SAFETY: as nvml.h has it.
        unsafe { put(to, device) }
    })
}

macro_rules! texts {
    ($($function:ident => $of:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $function(
            device: nvmlDevice_t,
            to: *mut c_char,
            length: c_uint,
        ) -> nvmlReturn_t {
            answer(device, stringify!($function), |gpu, _| {
                let of: fn(&Gpu) -> Option<&str> = $of;
                // SAFETY: as nvml.h has it.
                unsafe { put_text(to, length, has(of(gpu))?) }
            })
        }
    )*};
}

texts! {
    nvmlDeviceGetUUID => |gpu| Some(&gpu.uuid);
    nvmlDeviceGetName => |gpu| gpu.name.as_deref();
    nvmlDeviceGetVbiosVersion => |gpu| gpu.vbios.as_deref();
}

macro_rules! numbers {
    ($($function:ident: $kind:ty => $of:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $function(device: nvmlDevice_t, to: *mut $kind) -> nvmlReturn_t {
            answer(device, stringify!($function), |gpu, turn| {
                let of: fn(&Gpu, Turn<'_>) -> Answered<u64> = $of;
                // SAFETY: as nvml.h has it.
                unsafe { put_number(to, of(gpu, turn)?) }
            })
        }
    )*};
}

numbers! {
    nvmlDeviceGetPowerUsage: c_uint => |gpu, turn| value_of(&gpu.power_milliwatts, turn);
    nvmlDeviceGetPowerManagementLimit: c_uint => |gpu, turn| value_of(&gpu.power_limit_milliwatts, turn);
    nvmlDeviceGetPowerManagementDefaultLimit: c_uint => |gpu, turn| value_of(&gpu.power_limit_default_milliwatts, turn);
    nvmlDeviceGetEnforcedPowerLimit: c_uint => |gpu, turn| value_of(&gpu.power_limit_enforced_milliwatts, turn);
    nvmlDeviceGetCurrentClocksThrottleReasons: c_ulonglong => |gpu, turn| value_of(&gpu.throttle_reasons, turn);
    nvmlDeviceGetPerformanceState: nvmlPstates_t => |gpu, turn| value_of(&gpu.performance_state, turn);
    nvmlDeviceGetNumFans: c_uint => |gpu, turn| value_of(&gpu.fans, turn);
    nvmlDeviceGetCurrPcieLinkGeneration: c_uint => |gpu, turn| value_of(&gpu.pcie_generation, turn);
    nvmlDeviceGetMaxPcieLinkGeneration: c_uint => |gpu, turn| value_of(&gpu.pcie_generation_max, turn);
    nvmlDeviceGetCurrPcieLinkWidth: c_uint => |gpu, turn| value_of(&gpu.pcie_width, turn);
    nvmlDeviceGetMaxPcieLinkWidth: c_uint => |gpu, turn| value_of(&gpu.pcie_width_max, turn);
    nvmlDeviceGetPcieReplayCounter: c_uint => |gpu, turn| value_of(&gpu.pcie_replays, turn);
    nvmlDeviceGetPersistenceMode: nvmlEnableState_t => |gpu, _| state_of(gpu.persistence);
    nvmlDeviceGetSupportedEventTypes: c_ulonglong => |_, _| Ok(u64::from(nvmlEventTypeXidCriticalError));
}

macro_rules! numbers_of_a_kind {
    ($($function:ident($kinds:ty) => $of:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $function(
            device: nvmlDevice_t,
            kind: $kinds,
            to: *mut c_uint,
        ) -> nvmlReturn_t {
            answer(device, stringify!($function), |gpu, turn| {
                let of: fn(&Gpu, $kinds) -> &Option<Series> = $of;
                // SAFETY: as nvml.h has it.
                unsafe { put_number(to, value_of(of(gpu, kind), turn)?) }
            })
        }
    )*};
}

numbers_of_a_kind! {
    nvmlDeviceGetTemperature(nvmlTemperatureSensors_t) => |gpu, _| &gpu.celsius;
    nvmlDeviceGetTemperatureThreshold(nvmlTemperatureThresholds_t) => |gpu, kind| match kind {
        nvmlTemperatureThresholds_enum_NVML_TEMPERATURE_THRESHOLD_SHUTDOWN => &gpu.celsius_shutdown,
        nvmlTemperatureThresholds_enum_NVML_TEMPERATURE_THRESHOLD_SLOWDOWN => &gpu.celsius_slowdown,
        nvmlTemperatureThresholds_enum_NVML_TEMPERATURE_THRESHOLD_GPU_MAX => &gpu.celsius_max_operating,
        nvmlTemperatureThresholds_enum_NVML_TEMPERATURE_THRESHOLD_MEM_MAX => &gpu.celsius_memory_max_operating,
        _ => &None,
    };
    nvmlDeviceGetClockInfo(nvmlClockType_t) => |gpu, kind| match kind {
        nvmlClockType_enum_NVML_CLOCK_SM => &gpu.sm_clock_mhz,
        nvmlClockType_enum_NVML_CLOCK_MEM => &gpu.memory_clock_mhz,
        _ => &None,
    };
    nvmlDeviceGetMaxClockInfo(nvmlClockType_t) => |gpu, kind| match kind {
        nvmlClockType_enum_NVML_CLOCK_SM => &gpu.sm_clock_max_mhz,
        nvmlClockType_enum_NVML_CLOCK_MEM => &gpu.memory_clock_max_mhz,
        _ => &None,
    };
    nvmlDeviceGetFanSpeed_v2(c_uint) => |gpu, _| &gpu.fan_percent;
}

macro_rules! pairs {
    ($($function:ident: $kind:ty => $of:expr;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $function(
            device: nvmlDevice_t,
            first: *mut $kind,
            second: *mut $kind,
        ) -> nvmlReturn_t {
            answer(device, stringify!($function), |gpu, turn| {
                let of: fn(&Gpu, Turn<'_>) -> Answered<(u64, u64)> = $of;
                let (a, b) = of(gpu, turn)?;
                // SAFETY: as nvml.h has it.
                unsafe {
                    put_number(first, a)?;
                    put_number(second, b)
                }
            })
        }
    )*};
}

pairs! {
    nvmlDeviceGetEccMode: nvmlEnableState_t => |gpu, _| state_of(gpu.ecc).map(|it| (it, it));
    nvmlDeviceGetMigMode: c_uint => |gpu, _| state_of(gpu.mig).map(|it| (it, it));
    nvmlDeviceGetPowerManagementLimitConstraints: c_uint => |gpu, turn| Ok((
        value_of(&gpu.power_limit_milliwatts_from, turn)?,
        value_of(&gpu.power_limit_milliwatts_to, turn)?,
    ));
    nvmlDeviceGetCudaComputeCapability: c_int => |gpu, _| {
        let (major, minor) = has(gpu.compute_capability)?;
        Ok((major.unsigned_abs().into(), minor.unsigned_abs().into()))
    };
}
