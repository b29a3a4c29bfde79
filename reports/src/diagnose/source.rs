//! Where a line was written.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The kernel's, of this boot.
    KernelLog,
    /// The last lines of the boot that ended.
    PreviousBootLog,
    /// Not a log: what the driver told through NVML's event set.
    Nvml,
    /// A service manager, a container runtime, an orchestrator, a scheduler.
    ServiceLog,
    Stderr,
    Stdout,
    NvidiaSmi,
    /// Not a log: what somebody knows and says, as `name: value`.
    Facts,
}

impl Source {
    pub const ALL: [Source; 8] = [
        Source::KernelLog,
        Source::PreviousBootLog,
        Source::Nvml,
        Source::ServiceLog,
        Source::Stderr,
        Source::Stdout,
        Source::NvidiaSmi,
        Source::Facts,
    ];

    /// What the program itself wrote.
    pub const fn is_of_program(self) -> bool {
        matches!(self, Source::Stderr | Source::Stdout)
    }

    pub const fn is_of_kernel(self) -> bool {
        matches!(self, Source::KernelLog | Source::PreviousBootLog)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
