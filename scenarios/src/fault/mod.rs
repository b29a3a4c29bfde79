//! Faults that a worker can be made to have on purpose, so that every ending is a real one.

mod abort;
mod exit;
mod hang;
mod injection;
mod segfault;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use injection::{Injection, InjectionError, Moment};

/// Every fault, by the name it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Writes to an address that is not mapped: `SIGSEGV`.
    Segfault,
    /// Calls `abort`: `SIGABRT`.
    Abort,
    /// Leaves with exit code 17 and without a word.
    Exit,
    /// Sleeps for ever in one system call.
    Hang,
}

impl Fault {
    pub const ALL: [Fault; 4] = [Fault::Segfault, Fault::Abort, Fault::Exit, Fault::Hang];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Segfault => "segfault",
            Fault::Abort => "abort",
            Fault::Exit => "exit",
            Fault::Hang => "hang",
        }
    }

    /// What to expect, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Fault::Segfault => "write to an address that is not mapped; ends by SIGSEGV",
            Fault::Abort => "call abort(); ends by SIGABRT",
            Fault::Exit => "leave with exit code 17 and without a word",
            Fault::Hang => {
                "sleep for ever in one system call; crashpoint ends it at the time limit"
            }
        }
    }

    /// Does it. Returns only if the fault failed to be one.
    pub fn commit(self) {
        match self {
            Fault::Segfault => segfault::commit(),
            Fault::Abort => abort::commit(),
            Fault::Exit => exit::commit(),
            Fault::Hang => hang::commit(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no fault named {0:?}; see `crashpoint fault --list`")]
pub struct NoSuchFault(String);

impl FromStr for Fault {
    type Err = NoSuchFault;

    fn from_str(name: &str) -> Result<Fault, NoSuchFault> {
        Fault::ALL
            .into_iter()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| NoSuchFault(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
