//! The kernel's OOM killer, within a control group of the worker's own: memory is used until the
//! limit ends it.

use std::hint::black_box;

use crashpoint_reports::Class;

use super::{Fault, FaultError, group};

const STEP: usize = 8 << 20;
/// A limit beyond this is not one that was set for us.
const MOST: u64 = 4 << 30;

pub fn prepare() -> Result<(), FaultError> {
    bound().map(drop)
}

/// How much may be used at the most: twice the limit, should the group turn out not to hold it.
fn bound() -> Result<usize, FaultError> {
    let limit = group::memory_limit().filter(|&limit| limit <= MOST);
    let bound = limit.and_then(|limit| usize::try_from(limit * 2).ok());
    bound.ok_or_else(|| {
        FaultError::unfit(
            Class::ConfigOther,
            "host-oom needs a control group of its own with a memory limit, and this worker is in none: run it as root or where control groups are delegated, with --host-memory-limit 256MiB",
        )
    })
}

pub fn commit() -> Result<(), FaultError> {
    let mut held: Vec<Vec<u8>> = Vec::new();
    for _ in 0..bound()? / STEP {
        // Not zeros: those would not be memory before they are written.
        held.push(black_box(vec![1; STEP]));
    }
    drop(held);
    Err(FaultError::Unharmed(Fault::HostOom))
}
