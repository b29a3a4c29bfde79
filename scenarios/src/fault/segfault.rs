//! `SIGSEGV`, by a write to the first page, which Linux never maps for an ordinary program.
#![allow(unsafe_code)]

use std::ptr;

pub fn commit() {
    // Not null: the standard library's own check in debug builds would turn that into a panic.
    let unmapped = ptr::without_provenance_mut::<u8>(16);
    // SAFETY: there is none: this write faults, and that is its whole purpose.
    unsafe { unmapped.write_volatile(1) };
}
