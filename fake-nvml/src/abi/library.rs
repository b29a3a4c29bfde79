//! The library itself: its start, the driver, how many GPUs there are.

use std::ffi::{c_char, c_int, c_uint};

use nvml_wrapper_sys::bindings::*;

use super::put::{put, put_number, put_text};
use super::{OK, number_of};
use crate::answer::Answer;
use crate::machine::script;

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
