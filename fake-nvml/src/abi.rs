//! NVML's functions as a C library has them.
// A C interface is made of raw pointers: each function writes only through those that its caller, who
// follows nvml.h, has given it, and only as far as it was told that there is room.
#![allow(unsafe_code)]
#![allow(
    non_snake_case,
    non_upper_case_globals,
    reason = "the names are NVIDIA's"
)]

use std::ffi::{c_char, c_int, c_uint, c_ulonglong};
use std::time::Duration;

use nvml_wrapper_sys::bindings::*;

use crate::machine::{self, count, script};
use crate::script::{Answer, Gpu, Series, Turn};

const OK: nvmlReturn_t = nvmlReturn_enum_NVML_SUCCESS;
const MIB: u64 = 1 << 20;
/// What NVML says where it may not say.
const NOT_AVAILABLE: c_ulonglong = c_ulonglong::MAX;
const MEMORY_V2: usize = size_of::<nvmlMemory_v2_t>() | 2 << 24;

type Answered<T> = Result<T, nvmlReturn_t>;

/// Handles are indices from 1.
fn handle<T>(number: usize) -> *mut T {
    std::ptr::without_provenance_mut(number)
}

fn index_of<T>(handle: *mut T) -> usize {
    handle.addr().wrapping_sub(1)
}

fn answer(
    device: nvmlDevice_t,
    function: &'static str,
    then: impl FnOnce(&Gpu, Turn<'_>) -> Answered<()>,
) -> nvmlReturn_t {
    match machine::turn(index_of(device), function) {
        Ok((gpu, turn)) => then(gpu, turn).err().unwrap_or(OK),
        Err(instead) => instead.give(),
    }
}

fn has<T>(value: Option<T>) -> Answered<T> {
    value.ok_or(nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED)
}

fn value_of(series: &Option<Series>, turn: Turn<'_>) -> Answered<u64> {
    has(series.as_ref()).map(|series| series.at(turn))
}

fn state_of(switch: Option<bool>) -> Answered<u64> {
    has(switch).map(u64::from)
}

/// `to` is null, or has room for a value.
unsafe fn put<T>(to: *mut T, value: T) -> Answered<()> {
    if to.is_null() {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    }
    // SAFETY: the caller's pointer is valid for a write, and it is not null.
    unsafe { to.write(value) };
    Ok(())
}

/// `to` is null, or has room for a number.
unsafe fn put_number<T: TryFrom<u64>>(to: *mut T, value: u64) -> Answered<()> {
    let value = T::try_from(value).map_err(|_| nvmlReturn_enum_NVML_ERROR_UNKNOWN)?;
    // SAFETY: as of this function.
    unsafe { put(to, value) }
}

/// `to` is null, or has room for `length` characters.
unsafe fn put_text(to: *mut c_char, length: c_uint, text: &str) -> Answered<()> {
    if to.is_null() || text.len() >= length as usize {
        return Err(nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE);
    }
    // SAFETY: there is room for the text and the zero that ends it.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        to.add(text.len()).write(0);
    }
    Ok(())
}

/// For a field of a structure, which has its room in itself.
fn text_in<const N: usize>(text: &str) -> [c_char; N] {
    let mut field = [0; N];
    for (to, from) in field.iter_mut().take(N - 1).zip(text.bytes()) {
        *to = from as c_char;
    }
    field
}

fn number_of(found: Answered<()>) -> nvmlReturn_t {
    found.err().unwrap_or(OK)
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInit_v2() -> nvmlReturn_t {
    script().init.map_or(OK, Answer::give)
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> nvmlReturn_t {
    // SAFETY: as nvml.h has it.
    number_of(unsafe { put_text(to, length, &script().driver_version) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(to: *mut c_int) -> nvmlReturn_t {
    // SAFETY: as nvml.h has it.
    number_of(unsafe { put(to, script().cuda_version) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> nvmlReturn_t {
    // SAFETY: as nvml.h has it.
    number_of(unsafe { put_number(to, script().gpu.len() as u64) })
}

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

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(
    device: nvmlDevice_t,
    to: *mut nvmlMemory_v2_t,
) -> nvmlReturn_t {
    answer(device, "nvmlDeviceGetMemoryInfo_v2", |gpu, turn| {
        // SAFETY: as nvml.h has it; the version is the caller's to set.
        let version = unsafe { to.as_ref() }.map_or(0, |to| to.version);
        if version as usize != MEMORY_V2 {
            return Err(nvmlReturn_enum_NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
        }
        let total = value_of(&gpu.memory_total_mib, turn)? * MIB;
        let used = value_of(&gpu.memory_used_mib, turn)? * MIB;
        let reserved = gpu.memory_reserved_mib.at(turn) * MIB;
        let memory = nvmlMemory_v2_t {
            version,
            total,
            reserved,
            free: total.saturating_sub(used).saturating_sub(reserved),
            used,
        };
        // SAFETY: as nvml.h has it.
        unsafe { put(to, memory) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(
    device: nvmlDevice_t,
    to: *mut nvmlPciInfo_t,
) -> nvmlReturn_t {
    answer(device, "nvmlDeviceGetPciInfo_v3", |gpu, _| {
        let part = |place: usize| {
            let part = gpu.pci.split([':', '.']).nth(place)?;
            u32::from_str_radix(part, 16).ok()
        };
        let info = nvmlPciInfo_t {
            busIdLegacy: text_in(gpu.pci.get(4..).unwrap_or_default()),
            domain: part(0).unwrap_or(0),
            bus: part(1).unwrap_or(0),
            device: part(2).unwrap_or(0),
            pciDeviceId: 0,
            pciSubSystemId: 0,
            busId: text_in(&gpu.pci),
        };
        // SAFETY: as nvml.h has it.
        unsafe { put(to, info) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    device: nvmlDevice_t,
    to: *mut nvmlUtilization_t,
) -> nvmlReturn_t {
    answer(device, "nvmlDeviceGetUtilizationRates", |gpu, turn| {
        let percent = |value: u64| c_uint::try_from(value).unwrap_or(c_uint::MAX);
        let rates = nvmlUtilization_t {
            gpu: percent(value_of(&gpu.utilization_percent, turn)?),
            memory: percent(gpu.memory_utilization_percent.at(turn)),
        };
        // SAFETY: as nvml.h has it.
        unsafe { put(to, rates) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetTotalEccErrors(
    device: nvmlDevice_t,
    kind: nvmlMemoryErrorType_t,
    counter: nvmlEccCounterType_t,
    to: *mut c_ulonglong,
) -> nvmlReturn_t {
    let corrected = kind == nvmlMemoryErrorType_enum_NVML_MEMORY_ERROR_TYPE_CORRECTED;
    let volatile = counter == nvmlEccCounterType_enum_NVML_VOLATILE_ECC;
    // Each of the four is counted by itself.
    let counted = match (corrected, volatile) {
        (true, true) => "corrected, volatile",
        (true, false) => "corrected, aggregate",
        (false, true) => "uncorrected, volatile",
        (false, false) => "uncorrected, aggregate",
    };
    let n = count(index_of(device), counted);
    answer(device, "nvmlDeviceGetTotalEccErrors", |gpu, turn| {
        let series = match (corrected, volatile) {
            (true, true) => &gpu.ecc_corrected_volatile,
            (true, false) => &gpu.ecc_corrected_aggregate,
            (false, true) => &gpu.ecc_uncorrected_volatile,
            (false, false) => &gpu.ecc_uncorrected_aggregate,
        };
        // SAFETY: as nvml.h has it.
        unsafe { put_number(to, value_of(series, Turn { n, ..turn })?) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: nvmlDevice_t,
    room: *mut c_uint,
    to: *mut nvmlProcessInfo_t,
) -> nvmlReturn_t {
    answer(
        device,
        "nvmlDeviceGetComputeRunningProcesses_v3",
        |gpu, turn| {
            let processes = gpu.process.iter().filter_map(|process| {
                let used = process.used_mib.as_ref();
                Some(nvmlProcessInfo_t {
                    pid: process.pid(turn)?,
                    usedGpuMemory: used.map_or(NOT_AVAILABLE, |used| used.at(turn) * MIB),
                    gpuInstanceId: c_uint::MAX,
                    computeInstanceId: c_uint::MAX,
                })
            });
            // SAFETY: as nvml.h has it.
            unsafe { put_processes(room, to, &processes.collect::<Vec<_>>()) }
        },
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetGraphicsRunningProcesses_v3(
    device: nvmlDevice_t,
    room: *mut c_uint,
    to: *mut nvmlProcessInfo_t,
) -> nvmlReturn_t {
    answer(
        device,
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        |_, _| {
            // SAFETY: as nvml.h has it.
            unsafe { put_processes(room, to, &[]) }
        },
    )
}

/// `room` is null or has the number of processes that `to` has room for; `to` may be null if that is none.
unsafe fn put_processes(
    room: *mut c_uint,
    to: *mut nvmlProcessInfo_t,
    processes: &[nvmlProcessInfo_t],
) -> Answered<()> {
    // SAFETY: as of this function.
    let had = unsafe { room.as_ref() }.map_or(0, |room| *room as usize);
    // SAFETY: as of this function.
    unsafe { put_number(room, processes.len() as u64)? };
    if had < processes.len() {
        return Err(nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE);
    }
    if !processes.is_empty() {
        // SAFETY: there is room for as many.
        unsafe { std::ptr::copy_nonoverlapping(processes.as_ptr(), to, processes.len()) };
    }
    Ok(())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetFieldValues(
    device: nvmlDevice_t,
    room: c_int,
    values: *mut nvmlFieldValue_t,
) -> nvmlReturn_t {
    answer(device, "nvmlDeviceGetFieldValues", |gpu, turn| {
        if values.is_null() {
            return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
        }
        let length = usize::try_from(room).unwrap_or(0);
        // SAFETY: as nvml.h has it: so many, and each has its number set.
        for value in unsafe { std::slice::from_raw_parts_mut(values, length) } {
            let series = gpu.fields.get(&value.fieldId.to_string());
            value.valueType = nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG;
            value.nvmlReturn = match series {
                Some(series) => {
                    value.value.ullVal = series.at(turn);
                    OK
                }
                None => nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED,
            };
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetCreate(to: *mut nvmlEventSet_t) -> nvmlReturn_t {
    // SAFETY: as nvml.h has it.
    number_of(unsafe { put(to, handle(machine::new_set())) })
}

#[unsafe(no_mangle)]
extern "C" fn nvmlEventSetFree(_: nvmlEventSet_t) -> nvmlReturn_t {
    OK
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceRegisterEvents(
    device: nvmlDevice_t,
    _: c_ulonglong,
    set: nvmlEventSet_t,
) -> nvmlReturn_t {
    answer(device, "nvmlDeviceRegisterEvents", |_, _| {
        if machine::register(set.addr(), index_of(device)) {
            Ok(())
        } else {
            Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT)
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetWait_v2(
    set: nvmlEventSet_t,
    to: *mut nvmlEventData_t,
    within_ms: c_uint,
) -> nvmlReturn_t {
    let n = count(set.addr(), "nvmlEventSetWait_v2");
    let within = Duration::from_millis(within_ms.into());
    let Some((gpu, number)) = machine::next_xid(set.addr(), within, n) else {
        return nvmlReturn_enum_NVML_ERROR_TIMEOUT;
    };
    let data = nvmlEventData_t {
        device: handle(gpu + 1),
        eventType: nvmlEventTypeXidCriticalError.into(),
        eventData: number,
        gpuInstanceId: c_uint::MAX,
        computeInstanceId: c_uint::MAX,
    };
    // SAFETY: as nvml.h has it.
    number_of(unsafe { put(to, data) })
}
