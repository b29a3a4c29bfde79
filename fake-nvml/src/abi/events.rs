//! Event sets, and the Xids that come through them.

use std::ffi::{c_uint, c_ulonglong};
use std::time::Duration;

use nvml_wrapper_sys::bindings::*;

use super::put::put;
use super::{OK, answer, handle, index_of, number_of};
use crate::machine::{self, count};

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
