//! `SIGILL`, by an instruction that this CPU does not have: what a library does that was built for
//! a newer one.
#![allow(unsafe_code)]

use super::FaultError;

/// AVX-512 where it is missing, else an extension of it that only one line of processors ever had.
#[cfg(target_arch = "x86_64")]
pub fn commit() {
    // SAFETY: there is none: the processor refuses the instruction, and that is the purpose. Where
    // it does not, a register is changed that is declared as changed.
    unsafe {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // vexp2ps zmm0, zmm0 (AVX-512 ER), by its bytes: assemblers have dropped it.
            std::arch::asm!(".byte 0x62, 0xf2, 0x7d, 0x48, 0xc8, 0xc0", out("xmm0") _);
        } else {
            // vaddps zmm0, zmm0, zmm0 (AVX-512 F).
            std::arch::asm!(".byte 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0", out("xmm0") _);
        }
    }
}

/// A word that no processor of this architecture will ever execute.
#[cfg(target_arch = "aarch64")]
pub fn commit() {
    // SAFETY: there is none: the instruction is undefined for ever, and that is the purpose.
    unsafe { std::arch::asm!("udf #0") };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn commit() {}

pub fn prepare() -> Result<(), FaultError> {
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return Ok(());
    }
    Err(FaultError::unfit(
        crashpoint_reports::Class::ConfigOther,
        "illegal-instruction is known for x86-64 and 64-bit Arm only: choose another fault",
    ))
}
