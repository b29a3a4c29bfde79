//! Threads that are started and never end, until the process may not start another one.

use std::time::Duration;

use crashpoint_reports::Class;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::geteuid;

use super::{FaultError, group};

/// A limit beyond this is not one that was set for us.
const MOST: u64 = 1024;
const STACK: usize = 64 << 10;
/// They sleep, and would end if this process lived on for ever.
const LIFE: Duration = Duration::from_secs(3600);

pub fn prepare() -> Result<(), FaultError> {
    // An ordinary user is bounded by RLIMIT_NPROC, which root is not subject to.
    if limit().is_some() || !geteuid().is_root() {
        return Ok(());
    }
    Err(FaultError::unfit(
        Class::ConfigOther,
        "thread-leak needs, as root, a control group of its own with a limit on processes, and this worker is in none: run it where control groups can be made, or as an ordinary user",
    ))
}

fn limit() -> Option<u64> {
    group::pids_limit().filter(|&limit| limit <= MOST)
}

pub fn commit() -> Result<(), FaultError> {
    if limit().is_none() {
        let failed = |error| FaultError::Failed(format!("failed to limit threads: {error}"));
        let (soft, hard) = getrlimit(Resource::RLIMIT_NPROC).map_err(failed)?;
        setrlimit(Resource::RLIMIT_NPROC, soft.min(MOST), hard).map_err(failed)?;
    }
    for n in 0..=MOST {
        std::thread::Builder::new()
            .name(format!("fetch-{n}"))
            .stack_size(STACK)
            .spawn(|| std::thread::sleep(LIFE))
            .map_err(|error| FaultError::Failed(format!("failed to start a thread: {error}")))?;
    }
    Ok(())
}
