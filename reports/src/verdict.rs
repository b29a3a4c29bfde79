//! Why an attempt ended as it did: a class, how sure that is, and on what grounds.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantArray};

/// The causes that a verdict can name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    VariantArray,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Class {
    // GPU memory.
    GpuOom,
    GpuOomOtherProcess,
    GpuOomFragmentation,
    GpuMemoryLeak,
    ConfigMemoryPlan,
    // Host resources.
    HostOomKernel,
    HostOomCgroup,
    HostOomUserspace,
    HostAllocFailed,
    HostMemoryLeak,
    ShmExhausted,
    DiskFull,
    ResourceLimit,
    // GPU code.
    GpuIllegalAccess,
    GpuDeviceAssert,
    GpuKernelFault,
    GpuLaunchTimeout,
    GpuHang,
    GpuNoKernelImage,
    CollectiveTimeout,
    CollectiveFailure,
    // GPU, driver, machine.
    GpuFellOffBus,
    GpuEccError,
    GpuFirmware,
    GpuNvlinkFault,
    GpuHardwareFault,
    DriverBug,
    DriverMismatch,
    DriverTooOld,
    DriverNotLoaded,
    GpuNotVisible,
    GpuAbsent,
    PeerTransferFault,
    SystemSuspend,
    MpsCollateral,
    MachineReset,
    MachineResetHardwareError,
    MachineResetWatchdog,
    MachinePower,
    ThermalShutdown,
    KernelPanic,
    PlannedReboot,
    // Software around it.
    LibraryMissing,
    LibraryMismatch,
    EnvironmentVariable,
    CpuInstructionSet,
    ForkAfterCuda,
    PermissionDenied,
    DownloadFailed,
    // Model and input.
    ConfigDtype,
    ConfigQuantization,
    ConfigPrompt,
    ConfigOther,
    ModelFilesBroken,
    ModelUnsupported,
    InputBroken,
    ContextOverflow,
    // Host code.
    NativeCrash,
    StackOverflow,
    AssertionFailed,
    ApplicationException,
    HostDeadlock,
    NumericalCorruption,
    // From outside.
    KilledFromOutside,
    TimeLimit,
    Unknown,
}

impl Class {
    /// Every class, in the order in which they are declared.
    pub const ALL: &'static [Class] = <Class as VariantArray>::VARIANTS;
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How sure a verdict is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Nothing was decided: the class is `unknown`.
    None,
    /// A lead worth a test.
    Possible,
    /// It explains all the evidence better than any rival.
    Likely,
    /// The evidence could have come from no other class.
    Certain,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Something seen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Which record it comes from: `ending`, `worker`, `stderr`, `sample`, ...
    pub source: String,
    pub text: String,
}

impl Evidence {
    pub fn new(source: impl Into<String>, text: impl Into<String>) -> Evidence {
        Evidence {
            source: source.into(),
            text: text.into(),
        }
    }
}

/// A hypothesis that the evidence excludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuledOut {
    pub class: Class,
    pub because: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    pub class: Class,
    pub confidence: Confidence,
    pub evidence: Vec<Evidence>,
    pub ruled_out: Vec<RuledOut>,
    /// What a person can do about it today.
    pub action: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_prints_as_it_is_written_in_a_report() {
        assert_eq!(Class::GpuFellOffBus.to_string(), "gpu_fell_off_bus");
        assert_eq!(Confidence::Likely.to_string(), "likely");
        for class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(*class));
        }
    }
}
