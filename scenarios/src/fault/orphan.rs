//! A grandchild that outlives the worker and holds its pipes: what a loader process does whose
//! parent forgot it.
#![allow(unsafe_code)]

use nix::libc;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use super::{After, FaultError};

/// Should nobody end it.
const LIFE_SECONDS: u32 = 600;

pub fn commit() -> Result<After, FaultError> {
    // SAFETY: the child makes system calls only, until it ends: other threads may hold any lock.
    match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => {
            let _ = waitpid(child, None);
            Ok(After::GoOn)
        }
        Ok(ForkResult::Child) => {
            // SAFETY: as above.
            unsafe { leave_a_child() }
        }
        Err(error) => Err(FaultError::Failed(format!("failed to fork: {error}"))),
    }
}

/// The process in between ends at once, so that its child is nobody's.
unsafe fn leave_a_child() -> ! {
    // SAFETY: system calls without a pointer, but for a name that lives as long as the program.
    unsafe {
        if libc::fork() == 0 {
            libc::prctl(libc::PR_SET_NAME, c"orphan".as_ptr());
            libc::alarm(LIFE_SECONDS);
            loop {
                libc::pause();
            }
        }
        libc::_exit(0)
    }
}
