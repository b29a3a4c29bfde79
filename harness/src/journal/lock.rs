//! The lock that says that a run is alive: the kernel lets go of it at its owner's death, whatever
//! the cause.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::segment::FIRST;

/// Held as long as this lives; empty where the filesystem knows no locks.
#[derive(Debug)]
pub struct Lock(
    #[allow(dead_code, reason = "what matters is when it is dropped")] Option<Flock<File>>,
);

#[derive(Debug)]
pub enum NoLock {
    Held,
    Failed(io::Error),
}

/// Whoever looks whether a run is alive holds its lock for a moment.
const LOOKS: u32 = 20;
const A_LOOK: Duration = Duration::from_millis(5);

impl Lock {
    /// Of the run in a directory whose first segment exists.
    pub fn take(folder: &Path) -> Result<Lock, NoLock> {
        for _ in 0..LOOKS {
            match Lock::try_take(folder) {
                Err(NoLock::Held) => std::thread::sleep(A_LOOK),
                taken => return taken,
            }
        }
        Lock::try_take(folder)
    }

    fn try_take(folder: &Path) -> Result<Lock, NoLock> {
        let file = File::open(folder.join(FIRST)).map_err(NoLock::Failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Lock(Some(lock))),
            Err((_, Errno::EWOULDBLOCK)) => Err(NoLock::Held),
            // A network filesystem without a lock server: its absence proves nothing, then.
            Err(_) => Ok(Lock(None)),
        }
    }
}

/// Whether somebody writes this run now, as far as a lock can tell.
pub fn is_locked(folder: &Path) -> bool {
    matches!(Lock::try_take(folder), Err(NoLock::Held))
}
