//! A value where the caller wants it.

use std::ffi::{c_char, c_uint};

use nvml_wrapper_sys::bindings::*;

use super::Answered;

/// `to` is null, or has room for a value.
pub(super) unsafe fn put<T>(to: *mut T, value: T) -> Answered<()> {
    if to.is_null() {
        return Err(nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT);
    }
    // SAFETY: the caller's pointer is valid for a write, and it is not null.
    unsafe { to.write(value) };
    Ok(())
}

/// `to` is null, or has room for a number.
pub(super) unsafe fn put_number<T: TryFrom<u64>>(to: *mut T, value: u64) -> Answered<()> {
    let value = T::try_from(value).map_err(|_| nvmlReturn_enum_NVML_ERROR_UNKNOWN)?;
    // SAFETY: as of this function.
    unsafe { put(to, value) }
}

/// `to` is null, or has room for `length` characters.
pub(super) unsafe fn put_text(to: *mut c_char, length: c_uint, text: &str) -> Answered<()> {
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
pub(super) fn text_in<const N: usize>(text: &str) -> [c_char; N] {
    let mut field = [0; N];
    for (to, from) in field.iter_mut().take(N - 1).zip(text.bytes()) {
        *to = from as c_char;
    }
    field
}
