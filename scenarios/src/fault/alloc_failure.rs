//! An allocation that the kernel refuses: beyond `RLIMIT_AS`, as under `ulimit -v`.

use std::hint::black_box;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::FaultError;

/// Left for what goes on after the limit was set.
const SLACK: u64 = 64 << 20;
const ASKED: usize = 1 << 30;

pub fn commit() -> Result<(), FaultError> {
    let failed = |error| FaultError::Failed(format!("failed to limit the address space: {error}"));
    let limit = address_space().map_or(SLACK, |used| used + SLACK);
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).map_err(failed)?;
    setrlimit(Resource::RLIMIT_AS, limit.min(hard), hard).map_err(failed)?;
    drop(black_box(vec![1_u8; ASKED]));
    Ok(())
}

fn address_space() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').next()?.parse().ok()?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
    Some(pages * u64::try_from(page).ok()?)
}
