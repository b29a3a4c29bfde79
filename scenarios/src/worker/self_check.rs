//! Whether a device works at all, tried in a process of its own that does nothing else: allocate,
//! launch, synchronise, read back.

use std::process::ExitCode;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

/// Asks for it: the device is the next word.
pub const QUESTION: &str = "--self-check";

/// The device worked, or standard error says what it did instead.
pub fn main(device: Option<&str>) -> ExitCode {
    // Whoever asked has a bound on the answer; without him nobody has.
    let armed = set_pdeathsig(Signal::SIGKILL);
    if let Err(error) = armed {
        eprintln!("crashpoint-worker: failed to tie itself to its parent: {error}");
        return ExitCode::FAILURE;
    }
    let ordinal = device.and_then(|it| it.strip_prefix("cuda:")?.parse().ok());
    let Some(ordinal) = ordinal else {
        eprintln!("crashpoint-worker: {QUESTION} needs a device, as in cuda:0");
        return ExitCode::FAILURE;
    };
    match check(ordinal) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("crashpoint-worker: cuda:{ordinal} failed: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "cuda")]
fn check(ordinal: usize) -> Result<(), String> {
    super::cuda::write_and_read_back(ordinal)
}

#[cfg(not(feature = "cuda"))]
fn check(_: usize) -> Result<(), String> {
    Err("this worker was built without CUDA".to_owned())
}
