//! `ENOSPC` in `/dev/shm`, as loader processes meet it that share tensors. It is a small one, which
//! only this process sees.

use std::path::Path;

use super::{Fault, FaultError, disk_full, mounts};

const SHM: &str = "/dev/shm";

pub fn prepare() -> Result<(), FaultError> {
    mounts::small_file_system(Fault::ShmFull, Path::new(SHM))
}

pub fn commit() -> Result<(), FaultError> {
    disk_full::fill(&Path::new(SHM).join("tensor-0"))
}
