//! What would decide: the evidence that was not collected, and how to get it.

use super::Bundle;
use crate::diagnose::source::Source;
use crate::ending::EndingKind;
use crate::verdict::Class;

pub fn for_class(bundle: &Bundle<'_>, class: Class) -> Option<&'static str> {
    let kernel = bundle.sightings.was_given(Source::KernelLog);
    Some(match class {
        Class::GpuIllegalAccess | Class::GpuKernelFault | Class::GpuDeviceAssert => {
            "which kernel it was: run again with CUDA_LAUNCH_BLOCKING=1; and the kernel log's Xid lines of that time"
        }
        Class::GpuOom | Class::GpuOomOtherProcess | Class::GpuOomFragmentation => {
            "what each process held on the card at that moment: nvidia-smi, or the probes of crashpoint exec"
        }
        Class::CollectiveTimeout | Class::CollectiveFailure => {
            "the first error of every rank: the logs of the other ranks and nodes"
        }
        Class::DriverTooOld | Class::DriverMismatch | Class::DriverNotLoaded => {
            "the versions of the kernel module (/proc/driver/nvidia/version) and of the libcuda in use, with its path"
        }
        Class::GpuAbsent | Class::GpuNotVisible => {
            "nvidia-smi -L on the host and here, and CUDA_VISIBLE_DEVICES of the process"
        }
        Class::HostOomKernel | Class::HostOomCgroup if !kernel => {
            "the kernel log of that time: journalctl -k, or dmesg"
        }
        Class::KilledFromOutside => {
            "who sent it: the logs of the service manager, the scheduler or the orchestrator"
        }
        Class::LibraryMismatch => {
            "the versions of both sides, and which files were loaded: /proc/PID/maps"
        }
        Class::NativeCrash => "a stack of the crashing thread: coredumpctl debug, or a minidump",
        Class::MachineReset | Class::MachineResetHardwareError | Class::MachineResetWatchdog => {
            "what the previous boot left behind: journalctl -b -1, pstore, hardware error records, the BMC's event log"
        }
        _ => return None,
    })
}

/// Nothing was named at all.
pub fn anything(bundle: &Bundle<'_>) -> &'static str {
    match bundle.ending.map(|it| it.kind) {
        _ if bundle.sightings.lines.is_empty() => {
            "any line of a log: the program's error output, the kernel log, the service manager's log"
        }
        Some(EndingKind::Exit) => {
            "what it said was wrong: no line of its output names a cause; run it with more logging"
        }
        _ => "a line that names a cause: the kernel log and the service manager's log of that time",
    }
}
