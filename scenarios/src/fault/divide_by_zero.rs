//! `SIGFPE`, by a division by zero. Rust checks before it divides, C and C++ do not.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
pub fn commit() {
    // SAFETY: there is none: the division traps, and that is the purpose.
    unsafe {
        std::arch::asm!(
            "idiv {zero:e}",
            zero = in(reg) 0,
            inout("eax") 1 => _,
            inout("edx") 0 => _,
        );
    }
}

/// Where a division by zero does not trap, the signal comes from the program's own check.
#[cfg(not(target_arch = "x86_64"))]
pub fn commit() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGFPE);
}
