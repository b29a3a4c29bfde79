//! Takes over a file descriptor whose number was handed down by the parent process.
#![allow(unsafe_code)]

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum InheritedError {
    #[error("{0:?} is no number of a file descriptor")]
    NotANumber(String),
    #[error("file descriptor {0} is not open: {1}")]
    NotOpen(RawFd, nix::Error),
}

/// Owns the descriptor from here on, and keeps it from the process's own children.
///
/// Call it once for a number, at start, before anything else could have opened a file under it.
pub fn inherit(number: &str) -> Result<OwnedFd, InheritedError> {
    let fd: RawFd = number
        .parse()
        .ok()
        .filter(|fd| *fd > 2)
        .ok_or_else(|| InheritedError::NotANumber(number.to_owned()))?;
    // SAFETY: only looked at, and a number that is not open is an error and nothing worse.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
        .map_err(|error| InheritedError::NotOpen(fd, error))?;
    // SAFETY: it is open, it was opened for us by the parent, and nobody else here owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
