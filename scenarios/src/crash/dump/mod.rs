//! The helper: reads out of a worker that stands in its signal handler, writes, and leaves.
//!
//! It has its own bound. What it finds first it writes first: the crash, then the minidump.

mod context;
mod look;
mod maps;
mod memory;
mod minidump;
mod module;
mod processor;
mod scrub;
mod unwind;
mod write;

use std::ffi::OsString;
use std::io;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, alarm};

use super::MINIDUMP_FILE;
use super::child::HELPER_SECONDS;
use context::Context;

/// `minidump FOLDER`, with the crash context on standard input.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let Some(folder) = arguments.first() else {
        eprintln!("crashpoint minidump: it is started by a worker that crashes");
        return ExitCode::from(2);
    };
    limit_own_life();
    let Some(context) = Context::from_standard_input() else {
        eprintln!("crashpoint minidump: there is no crash on standard input");
        return ExitCode::FAILURE;
    };
    let _stopped = Stopped::stop(context.pid());
    match tell(&context, Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn tell(context: &Context, folder: &Path) -> io::Result<()> {
    let mut crash = look::look(context);
    let first = write::crash(folder, &crash);
    // The writer looks into a process that something has damaged.
    let written = catch_unwind(|| minidump::write(context, folder));
    match written.unwrap_or_else(|_| Err("its writer panicked".to_owned())) {
        Ok(()) => crash.minidump = Some(MINIDUMP_FILE.to_owned()),
        Err(why) => crash.failures.push(format!("minidump: {why}")),
    }
    write::crash(folder, &crash).or(first)
}

/// While the crashed thread waits, its process's other threads could go on to the next phase, or
/// leave with an exit code: then crash point and ending would be wrong.
struct Stopped(Pid);

impl Stopped {
    fn stop(pid: i32) -> Stopped {
        let pid = Pid::from_raw(pid);
        let _ = kill(pid, Signal::SIGSTOP);
        Stopped(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGCONT);
    }
}

/// The worker waits for us and may be stopped by us, so we must end even where we hang. And where
/// memory is short we are what can be spared: the worker's ending must stay its own.
fn limit_own_life() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = SigSet::all().thread_unblock();
    alarm::set(HELPER_SECONDS);
}
