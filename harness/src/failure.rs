//! Why a command stops: one clear sentence, and the exit code that belongs to it.

use std::fmt;
use std::io;
use std::path::Path;

use crate::exit_code;
use crate::supervise::SuperviseError;

#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    pub fn usage(message: impl ToString) -> Failure {
        Failure {
            code: exit_code::USAGE,
            message: message.to_string(),
        }
    }

    pub fn unfit(message: impl ToString) -> Failure {
        Failure {
            code: exit_code::UNFIT,
            message: message.to_string(),
        }
    }

    pub fn harness(message: impl ToString) -> Failure {
        Failure {
            code: exit_code::HARNESS,
            message: message.to_string(),
        }
    }

    /// An error of one attempt's supervision: a record or a control group that cannot be had
    /// is the place's fault.
    pub fn supervise(error: SuperviseError) -> Failure {
        match error {
            SuperviseError::Journal(error) => Failure::unfit(error),
            SuperviseError::Group(error) => Failure::unfit(error),
            SuperviseError::System { .. } => Failure::harness(error),
        }
    }

    /// A file of the run that could not be written: the place is unfit, whatever the reason.
    pub fn write(path: &Path, error: &io::Error) -> Failure {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; make room there or choose another place with --out"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "; choose another place with --out"
            }
            _ => "",
        };
        Failure::unfit(format!("failed to write {}: {error}{hint}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
