//! What a call answers in place of a value.

use nvml_wrapper_sys::bindings::*;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Never.
    Hang,
    /// The process dies.
    Crash,
    Uninitialized,
    NotSupported,
    NoPermission,
    DriverNotLoaded,
    Timeout,
    InsufficientPower,
    IrqIssue,
    CorruptedInforom,
    GpuIsLost,
    ResetRequired,
    LibRmVersionMismatch,
    Unknown,
}

impl Answer {
    /// Does not return where the answer is none.
    pub(crate) fn give(self) -> nvmlReturn_t {
        match self {
            Answer::Hang => loop {
                std::thread::park();
            },
            Answer::Crash => std::process::abort(),
            Answer::Uninitialized => nvmlReturn_enum_NVML_ERROR_UNINITIALIZED,
            Answer::NotSupported => nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED,
            Answer::NoPermission => nvmlReturn_enum_NVML_ERROR_NO_PERMISSION,
            Answer::DriverNotLoaded => nvmlReturn_enum_NVML_ERROR_DRIVER_NOT_LOADED,
            Answer::Timeout => nvmlReturn_enum_NVML_ERROR_TIMEOUT,
            Answer::InsufficientPower => nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_POWER,
            Answer::IrqIssue => nvmlReturn_enum_NVML_ERROR_IRQ_ISSUE,
            Answer::CorruptedInforom => nvmlReturn_enum_NVML_ERROR_CORRUPTED_INFOROM,
            Answer::GpuIsLost => nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST,
            Answer::ResetRequired => nvmlReturn_enum_NVML_ERROR_RESET_REQUIRED,
            Answer::LibRmVersionMismatch => nvmlReturn_enum_NVML_ERROR_LIB_RM_VERSION_MISMATCH,
            Answer::Unknown => nvmlReturn_enum_NVML_ERROR_UNKNOWN,
        }
    }
}
