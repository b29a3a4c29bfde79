//! What has a structure of its own.

use std::ffi::{c_int, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings::*;

use super::put::{put, put_number, text_in};
use super::{Answered, MIB, OK, answer, index_of, value_of};
use crate::machine::count;
use crate::series::Turn;

/// What NVML says where it may not say.
const NOT_AVAILABLE: c_ulonglong = c_ulonglong::MAX;
const MEMORY_V2: usize = size_of::<nvmlMemory_v2_t>() | 2 << 24;

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
