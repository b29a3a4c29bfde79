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
use std::path::Path;
use std::process::ExitCode;

use nix::sys::signal::SigSet;
use nix::unistd::alarm;

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
    let folder = Path::new(folder);
    let mut crash = look::look(&context);
    let first = write::crash(folder, &crash);
    match minidump::write(&context, folder) {
        Ok(()) => crash.minidump = Some(MINIDUMP_FILE.to_owned()),
        Err(why) => crash.failures.push(format!("minidump: {why}")),
    }
    match write::crash(folder, &crash).or(first) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The worker waits for us and may be stopped by us, so we must end even where we hang. And where
/// memory is short we are what can be spared: the worker's ending must stay its own.
fn limit_own_life() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = SigSet::all().thread_unblock();
    alarm::set(HELPER_SECONDS);
}
