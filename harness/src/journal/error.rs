//! What can become of a journal.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use thiserror::Error;

/// A busy disk can take seconds; one that takes longer than this hangs.
pub const DISK_ANSWERS: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Error)]
pub enum JournalError {
    #[error("failed to create the journal {path:?}: {why}")]
    Create { path: PathBuf, why: String },
    #[error("failed to read the journal of {path:?}: {why}")]
    Read { path: PathBuf, why: String },
    #[error(
        "the run {path:?} is still being written: wait for it to end, or end it, and do this again"
    )]
    Running { path: PathBuf },
    #[error(
        "failed to write the journal {path:?}: {why}; what was acknowledged before is safe, {then}"
    )]
    Write {
        path: PathBuf,
        why: String,
        then: Then,
    },
    #[error("the journal's thread is gone: nothing more is recorded")]
    Gone,
    #[error(
        "the disk under the journal has not answered for {} s: what is not acknowledged may be lost",
        DISK_ANSWERS.as_secs()
    )]
    Silent,
}

/// What becomes of the record after an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// In another segment, where everything that was not acknowledged is written again.
    GoesOn { segment: String },
    /// Nothing can be written.
    NothingIsRecorded,
    /// Nothing can be written, and the run goes on nevertheless.
    WithoutPromise,
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Then::GoesOn { segment } => write!(f, "and the record goes on in {segment}"),
            Then::NothingIsRecorded => f.write_str("nothing after it is recorded"),
            Then::WithoutPromise => f.write_str(
                "and the run goes on without a record until there is one again (--on-journal-error continue)",
            ),
        }
    }
}

impl JournalError {
    pub fn create(path: &Path, error: &io::Error) -> JournalError {
        JournalError::Create {
            path: path.to_owned(),
            why: explained(error),
        }
    }

    pub fn write(path: &Path, error: &io::Error, then: Then) -> JournalError {
        JournalError::Write {
            path: path.to_owned(),
            why: explained(error),
            then,
        }
    }
}

/// With what to do about it.
fn explained(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => " (make room there, or choose another place with --out)",
        io::ErrorKind::QuotaExceeded => {
            " (make room within the quota, or choose another place with --out)"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            " (it may have been made read-only because of an error: see the kernel's log)"
        }
        _ if error.raw_os_error() == Some(nix::libc::EIO) => {
            " (the disk or its connection is failing: see the kernel's log)"
        }
        _ => "",
    };
    format!("{error}{hint}")
}
