//! What ended a run that never ended: found out later, after another boot perhaps.
//!
//! What was found is recorded in the run's own journal, with its evidence and with everything that
//! could not be read; the report is then made as always.

mod decide;
mod dump;
mod found;
mod hardware;
mod killed;
mod life;
mod orderly;
mod reset;
#[cfg(test)]
mod tests;
mod trace;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use decide::{Question, decide};
pub use found::{
    Dump, Found, LogLine, PlatformEvent, ResetReason, ThisBoot, Watchdog, WtmpKind, WtmpRecord,
};
pub use life::{Hints, Life, Lock, life};
pub use trace::{RunState, Trace};

use crate::verdict::{Class, Confidence, Evidence};

/// What ended the run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunEnding {
    /// The process that kept the record is gone, and the machine went on.
    SupervisorKilled,
    /// The machine restarted or lost its power, and nothing recorded why.
    MachineReset,
    HardwareError,
    Watchdog,
    /// A power supply, the mains, a brown-out: with evidence for it.
    PowerFailure,
    Overheated,
    KernelPanic,
    /// Somebody or something shut it down or rebooted it.
    OrderlyShutdown,
    /// A virtual machine was put back to an earlier state.
    SnapshotRestored,
}

impl RunEnding {
    /// What the run's processes died with is the machine, not the supervisor alone.
    pub fn is_of_machine(self) -> bool {
        self != RunEnding::SupervisorKilled
    }

    /// It tells nothing against what ran.
    pub fn is_somebodys_doing(self) -> bool {
        matches!(
            self,
            RunEnding::OrderlyShutdown | RunEnding::SnapshotRestored
        )
    }

    /// As a sentence begins.
    pub fn words(self) -> &'static str {
        match self {
            RunEnding::SupervisorKilled => "supervisor killed",
            RunEnding::MachineReset => "machine reset",
            RunEnding::HardwareError => "machine reset by a hardware error",
            RunEnding::Watchdog => "machine reset by a watchdog",
            RunEnding::PowerFailure => "power failure",
            RunEnding::Overheated => "machine shut down by heat",
            RunEnding::KernelPanic => "kernel panic",
            RunEnding::OrderlyShutdown => "machine shut down in order",
            RunEnding::SnapshotRestored => "virtual machine put back to a snapshot",
        }
    }

    /// The class of a verdict on what died with it.
    pub fn class(self) -> Class {
        match self {
            RunEnding::SupervisorKilled => Class::Unknown,
            RunEnding::MachineReset => Class::MachineReset,
            RunEnding::HardwareError => Class::MachineResetHardwareError,
            RunEnding::Watchdog => Class::MachineResetWatchdog,
            RunEnding::PowerFailure => Class::MachinePower,
            RunEnding::Overheated => Class::ThermalShutdown,
            RunEnding::KernelPanic => Class::KernelPanic,
            RunEnding::OrderlyShutdown => Class::PlannedReboot,
            RunEnding::SnapshotRestored => Class::KilledFromOutside,
        }
    }
}

impl fmt::Display for RunEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recovery {
    pub ended_by: RunEnding,
    /// Of `ended_by`: whether the evidence could have come from another ending.
    pub confidence: Confidence,
    /// Why, as far as that is known: what ended the supervisor, what reset the machine.
    pub class: Class,
    /// Who or what did it, if somebody wrote that down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub evidence: Vec<Evidence>,
    /// What the logs of the boot that ended say of its last minute, for the diagnosis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
    pub death: TimeOfDeath,
    /// How long the machine slept while the run was on, as far as its clocks tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slept_seconds: Option<f64>,
    /// Of the run.
    pub boot_id: String,
    /// In which this was found out.
    pub found_in_boot_id: String,
    /// Restarts of the machine since; `null` where nothing counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// Everything that was asked, whatever it answered.
    pub sources: Vec<SourceRead>,
}

/// The run died between these two.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TimeOfDeath {
    /// Microseconds since the Unix epoch: of the last durable record.
    pub last_record_wall_us: u64,
    /// By the clock that counts from the boot.
    pub last_record_mono_us: u64,
    /// Of the last durable record.
    pub last_record_seq: u64,
    /// When the next boot began that is known of; when it was looked, if there was none.
    pub next_boot_wall_us: u64,
    /// From the one to the other. Seconds suggest a reset, minutes a machine that stayed off or hung.
    pub gap_seconds: f64,
}

/// One place where evidence could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRead {
    pub source: String,
    pub state: SourceState,
    /// What it said, why it is not there, why it could not be read.
    pub because: String,
    /// The command that makes it readable next time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Read,
    /// This machine has no such thing.
    Absent,
    NotReadable,
}

impl SourceState {
    pub fn words(self) -> &'static str {
        match self {
            SourceState::Read => "read",
            SourceState::Absent => "absent",
            SourceState::NotReadable => "not readable",
        }
    }
}

impl SourceRead {
    pub fn read(source: impl Into<String>, said: impl Into<String>) -> SourceRead {
        SourceRead {
            source: source.into(),
            state: SourceState::Read,
            because: said.into(),
            remedy: None,
        }
    }

    pub fn absent(source: impl Into<String>, because: impl Into<String>) -> SourceRead {
        SourceRead {
            state: SourceState::Absent,
            ..SourceRead::read(source, because)
        }
    }

    pub fn not_readable(source: impl Into<String>, because: impl Into<String>) -> SourceRead {
        SourceRead {
            state: SourceState::NotReadable,
            ..SourceRead::read(source, because)
        }
    }

    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> SourceRead {
        SourceRead {
            remedy: Some(remedy.into()),
            ..self
        }
    }
}
