//! `SIGBUS`, by a read from a mapped file that has become shorter: what a checkpoint does that is
//! replaced while it is being read.
#![allow(unsafe_code)]

use std::fs::File;
use std::num::NonZeroUsize;

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap};

use super::FaultError;

const LENGTH: usize = 64 << 10;

pub fn commit() -> Result<(), FaultError> {
    let failed = |what| move |error| FaultError::Failed(format!("failed to {what}: {error}"));
    // A file without a name: nothing can be left behind.
    let file: File = memfd_create("weights.safetensors", MFdFlags::MFD_CLOEXEC)
        .map_err(failed("make a file"))?
        .into();
    let set_len = |length: usize| {
        file.set_len(length as u64)
            .map_err(|error| FaultError::Failed(format!("failed to truncate a file: {error}")))
    };
    set_len(LENGTH)?;
    let Some(length) = NonZeroUsize::new(LENGTH) else {
        return Ok(());
    };
    let flags = (ProtFlags::PROT_READ, MapFlags::MAP_SHARED);
    // SAFETY: a new mapping at a place that the kernel chooses.
    let start =
        unsafe { mmap(None, length, flags.0, flags.1, &file, 0) }.map_err(failed("map a file"))?;
    set_len(0)?;
    // SAFETY: there is none: the page has no file behind it any more, and that is the purpose.
    unsafe { start.cast::<u8>().as_ptr().read_volatile() };
    Ok(())
}
