//! A signal that the process sends to itself.

use nix::sys::signal::{Signal, kill};
use nix::unistd::getpid;

use super::FaultError;

pub fn commit(signal: Signal) -> Result<(), FaultError> {
    // To the whole process: `raise` would reach the calling thread only.
    kill(getpid(), signal)
        .map_err(|error| FaultError::Failed(format!("failed to send {signal} to itself: {error}")))
}
