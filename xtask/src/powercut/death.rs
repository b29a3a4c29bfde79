//! The ways in which a run is cut off, and what recovery has to say of each.

use clap::ValueEnum;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Death {
    /// SIGKILL of the emulator: memory is lost, what the guest had handed to the disk is not
    HardReset,
    /// As before, and of what was written since the last flush only a part is on the disk
    PowerCut,
    /// The reset line, by the emulator's monitor
    SystemReset,
    /// The kernel panics and restarts; the platform keeps its last words (ERST)
    Panic,
    /// An orderly reboot, with its record in wtmp, while the run is under way
    Reboot,
    /// SIGKILL of the supervisor alone; the machine goes on
    SupervisorKill,
}

impl Death {
    pub fn name(self) -> &'static str {
        match self {
            Death::HardReset => "hard reset",
            Death::PowerCut => "power cut",
            Death::SystemReset => "system_reset",
            Death::Panic => "kernel panic",
            Death::Reboot => "orderly reboot",
            Death::SupervisorKill => "supervisor killed",
        }
    }

    /// What the recovered report must call it.
    pub fn told(self) -> &'static str {
        match self {
            // Nothing that outlives the machine tells these apart.
            Death::HardReset | Death::PowerCut | Death::SystemReset => "machine_reset",
            Death::Panic => "kernel_panic",
            Death::Reboot => "orderly_shutdown",
            Death::SupervisorKill => "supervisor_killed",
        }
    }
}
