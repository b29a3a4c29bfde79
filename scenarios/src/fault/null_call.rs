//! `SIGSEGV`, by a call through a null pointer: the instruction pointer itself is 0.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::hint::black_box;
use std::mem::transmute;
use std::ptr;

pub fn commit() {
    // As the field of a table of functions that a library left empty. A Rust function pointer is
    // never null, so that one is made from a pointer to data, which may be.
    let entry: *const c_void = black_box(ptr::null());
    // SAFETY: there is none: this call faults, and that is its whole purpose. The value passes
    // through black_box as a pointer, so the compiler does not see that it is null.
    unsafe {
        let call: extern "C" fn() = transmute(entry);
        black_box(call)();
    }
}
