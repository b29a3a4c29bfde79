//! `SIGABRT`, by the allocator of the C library, which notices that a block is freed twice.
#![allow(unsafe_code)]

use std::hint::black_box;

use nix::libc;

pub fn commit() {
    // SAFETY: there is none: the second call is the fault. Rust's own ownership would not let it
    // happen, hence the C functions; black_box keeps the compiler from taking the pair away.
    unsafe {
        let block = black_box(libc::malloc(64));
        libc::free(block);
        libc::free(black_box(block));
    }
}
