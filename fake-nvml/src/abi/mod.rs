//! NVML's functions as a C library has them, by what they are about.
// A C interface is made of raw pointers: each function writes only through those that its caller, who
// follows nvml.h, has given it, and only as far as it was told that there is room.
#![allow(unsafe_code)]
#![allow(
    non_snake_case,
    non_upper_case_globals,
    reason = "the names are NVIDIA's"
)]

mod events;
mod library;
mod put;
mod structures;
mod values;

use nvml_wrapper_sys::bindings::*;

use crate::machine;
use crate::script::Gpu;
use crate::series::{Series, Turn};

const OK: nvmlReturn_t = nvmlReturn_enum_NVML_SUCCESS;
const MIB: u64 = 1 << 20;

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

fn number_of(found: Answered<()>) -> nvmlReturn_t {
    found.err().unwrap_or(OK)
}
