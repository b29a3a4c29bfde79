//! What runs inside the signal handler, and nothing that is not safe there.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use crash_handler::{CrashContext, CrashEvent, CrashEventResult, CrashHandler};
use nix::libc;

use super::child::{self, Prepared};

struct OnCrash {
    prepared: Prepared,
    /// Whose handler this is: a fork of the worker has no report of its own.
    pid: libc::pid_t,
    taken: AtomicBool,
}

/// For the rest of the process's life.
pub fn attach(prepared: Prepared) -> Result<(), String> {
    let event = OnCrash {
        prepared,
        pid: std::process::id().cast_signed(),
        taken: AtomicBool::new(false),
    };
    let handler = CrashHandler::attach(Box::new(event)).map_err(|error| error.to_string())?;
    std::mem::forget(handler);
    Ok(())
}

// SAFETY: it makes system calls, through libc's thin wrappers, on what was prepared before:
// it allocates nothing and takes no lock.
unsafe impl CrashEvent for OnCrash {
    fn on_crash(&self, context: &CrashContext) -> CrashEventResult {
        // SAFETY: both only read; the second one is a bounded sleep.
        if unsafe { libc::getpid() } == self.pid {
            if self.taken.swap(true, Ordering::AcqRel) {
                // Another thread crashed first and is about to take the process with it.
                child::pause(1000);
            } else {
                self.prepared.report(context);
            }
        }
        CrashEventResult::Handled(!is_for_the_runtime(context))
    }
}

/// Rust's own handler stands behind this one and tells a stack overflow from other faults. To a
/// signal that somebody sent it would only switch itself off, and the process would live on.
fn is_for_the_runtime(context: &CrashContext) -> bool {
    let signal = context.siginfo.ssi_signo.cast_signed();
    matches!(signal, libc::SIGSEGV | libc::SIGBUS) && context.siginfo.ssi_code > 0
}
