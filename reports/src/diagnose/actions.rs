//! What a person can do about each class today.

use crate::verdict::Class;

/// One or two sentences. The match is exhaustive: no class can be added without its action.
pub const fn action(class: Class) -> &'static str {
    match class {
        Class::GpuOom => {
            "Ask for less: a smaller model or quantised weights, a shorter context, fewer new tokens or smaller images; or take a GPU with more memory."
        }
        Class::GpuOomOtherProcess => {
            "Find who holds the card with nvidia-smi and end it or move it, then run again on the empty GPU."
        }
        Class::GpuOomFragmentation => {
            "Set PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True, or allocate the largest buffers first and keep them."
        }
        Class::GpuMemoryLeak => {
            "Run `crashpoint run long` and look for what is kept from one item to the next: outputs with gradients, caches, lists of tensors. Until it is found, renew the worker every so many items."
        }
        Class::ConfigMemoryPlan => {
            "Lower what is asked for (context length, new tokens, batch, weights) until the numbers in the message fit, or raise the budget if it is smaller than the device."
        }
        Class::HostOomKernel => {
            "Free host memory or add some, and load the model without a second copy in memory; swap turns a kill into slowness."
        }
        Class::HostOomCgroup => {
            "Raise the limit that the message names (container, pod, Slurm job, MemoryMax of the unit), or lower the worker's need below it."
        }
        Class::HostOomUserspace => {
            "Look into the log of systemd-oomd or earlyoom for the rule that fired; raise its threshold, or exempt this unit (ManagedOOMPreference=omit)."
        }
        Class::HostAllocFailed => {
            "Compare the size asked for with `ulimit -v`, with free memory and with vm.overcommit_memory; a size beyond all reason points at a corrupt file."
        }
        Class::HostMemoryLeak => {
            "Run `crashpoint run long --images-total 100` to confirm the slope, then look for what is kept from one image to the next. Until it is found, renew the worker every so many images."
        }
        Class::ShmExhausted => {
            "Enlarge /dev/shm (docker run --shm-size, or a memory-backed emptyDir in a pod), or use fewer loader processes."
        }
        Class::DiskFull => {
            "Free space or raise the quota on the filesystem in the message; df -h and df -i show which of the two ran out."
        }
        Class::ResourceLimit => {
            "Compare `ulimit -a` of the process with what it uses, and raise the limit that the message names (LimitNOFILE, LimitNPROC, LimitMEMLOCK in a unit)."
        }
        Class::GpuIllegalAccess => {
            "Run again with CUDA_LAUNCH_BLOCKING=1 to find the kernel that did it, then under compute-sanitizer. Only a fresh process counts: a broken context stays broken."
        }
        Class::GpuDeviceAssert => {
            "Read the assertion's file and line in the error output, and check indices against sizes: token ids against the vocabulary, labels against classes, positions against the context."
        }
        Class::GpuKernelFault => {
            "Run again with CUDA_LAUNCH_BLOCKING=1 to find the kernel, then with another version of the library that it belongs to."
        }
        Class::GpuLaunchTimeout => {
            "Run on a GPU that drives no display, or split the work into shorter kernels."
        }
        Class::GpuHang => {
            "Keep the kernel log and nvidia-smi -q as they are now, then restart the worker; if the GPU does not answer, reset it (nvidia-smi --gpu-reset) or restart the machine."
        }
        Class::GpuNoKernelImage => {
            "Install a build that contains this GPU's compute capability, or build with it (TORCH_CUDA_ARCH_LIST, CUDA_COMPUTE_CAP)."
        }
        Class::CollectiveTimeout => {
            "Find the rank that stopped first and read its own error: the timeout is only its echo."
        }
        Class::CollectiveFailure => {
            "Run again with NCCL_DEBUG=INFO, and check that all ranks have the same versions and that NCCL_SOCKET_IFNAME names a network they share."
        }
        Class::GpuFellOffBus => {
            "Power the machine off, reseat the card and its power cables, and try without a riser; then limit power (nvidia-smi -pl) to see whether it holds."
        }
        Class::GpuEccError => {
            "Restart the machine so that rows are remapped, look at nvidia-smi -q -d ECC,ROW_REMAPPER, and have the card replaced if it comes back."
        }
        Class::GpuFirmware => {
            "Restart the machine, then install another driver version; switching the GSP off (NVreg_EnableGpuFirmware=0) tells whether it is at fault."
        }
        Class::GpuNvlinkFault => {
            "Look at nvidia-smi nvlink -s and -e and at the fabric manager's log; restart the fabric manager, and run on one GPU meanwhile."
        }
        Class::GpuHardwareFault => {
            "Put the card into another machine or slot and run the same: a fault that follows the card is the card's."
        }
        Class::DriverBug => {
            "Install another driver version, older or newer, and run the same again; report it with nvidia-bug-report.sh."
        }
        Class::DriverMismatch => {
            "Restart the machine, or reload the nvidia modules, so that kernel module and library are of one version; then pin that version."
        }
        Class::DriverTooOld => {
            "Install a newer driver, or a build for the CUDA version that nvidia-smi shows."
        }
        Class::DriverNotLoaded => {
            "Run `modprobe nvidia` and read what it says; rebuild the module for this kernel (dkms), blacklist nouveau, or sign it for secure boot."
        }
        Class::GpuNotVisible => {
            "Check CUDA_VISIBLE_DEVICES, the permissions of /dev/nvidia*, and how the container gets its GPUs (--gpus all); compare with a shell in which it works."
        }
        Class::GpuAbsent => {
            "Check with lspci that there is a GPU, and that this build supports one; otherwise run with --device cpu."
        }
        Class::PeerTransferFault => {
            "Run again with NCCL_P2P_DISABLE=1; if that cures it, switch off ACS or the IOMMU in the firmware's setup, or keep peer copies off."
        }
        Class::SystemSuspend => {
            "Keep the machine awake while work runs: systemd-inhibit, or mask sleep.target."
        }
        Class::MpsCollateral => {
            "Find the client that failed first in the MPS server's log and diagnose that one; run clients that may fail without MPS."
        }
        Class::MachineReset => {
            "Make the next one leave a trace: persistent journald, pstore or netconsole, rasdaemon. Then climb the ladder again, and run `crashpoint run burn` to part heat and power from content."
        }
        Class::MachineResetHardwareError => {
            "Take the record to whoever services the machine: it names the part (memory, processor, PCIe). Run without that part if it can be spared."
        }
        Class::MachineResetWatchdog => {
            "Find out what armed the watchdog and what it waits for (wdctl, the service manager's RuntimeWatchdogSec); lengthen it only after the stall is understood."
        }
        Class::MachinePower => {
            "Limit the GPU's power (nvidia-smi -pl) and run the same again; if it holds, replace the supply or its cables, one cable for each connector."
        }
        Class::ThermalShutdown => {
            "Clean fans and filters, see to the air flow, and limit power meanwhile; watch temperatures with `crashpoint run burn`."
        }
        Class::KernelPanic => {
            "Read the panic in pstore or the crash dump, and update the module or the kernel that it names."
        }
        Class::PlannedReboot => {
            "Nothing is broken: resume the run, and keep restarts out of its hours (unattended-upgrades, maintenance windows, spot instances)."
        }
        Class::LibraryMissing => {
            "Install the library or module that the message names, or put its folder on the path that is searched (ldconfig, LD_LIBRARY_PATH, PYTHONPATH)."
        }
        Class::LibraryMismatch => {
            "Make the versions agree: one environment, freshly installed from one list; look with ldd or /proc/PID/maps for a second copy."
        }
        Class::EnvironmentVariable => {
            "Compare the environment with one that works (`env | sort` in both) and set the variable where the service is defined (Environment= in the unit)."
        }
        Class::CpuInstructionSet => {
            "Compare the flags in /proc/cpuinfo with what the binary was built for, and use a build for an older processor."
        }
        Class::ForkAfterCuda => {
            "Start worker processes with spawn instead of fork, before CUDA is touched."
        }
        Class::PermissionDenied => {
            "Give this user the right that the message names (mode, group, seccomp profile, capability), or point the program at a place it may use."
        }
        Class::DownloadFailed => {
            "Check the network, the proxy and the token; or download once by hand and run with HF_HUB_OFFLINE=1."
        }
        Class::ConfigDtype => {
            "Set a floating dtype (float16 or bfloat16) for loading; quantisation is asked for by its own configuration, never by an integer dtype."
        }
        Class::ConfigQuantization => {
            "Use the quantisation configuration that the checkpoint was made with, with the package and version that it asks for; try without quantisation once."
        }
        Class::ConfigPrompt => {
            "Build the prompt as a conversation with one image slot for each image, through the checkpoint's own chat template."
        }
        Class::ConfigOther => {
            "Put the setting that the message names back to its default, and change one at a time."
        }
        Class::ModelFilesBroken => {
            "Download the checkpoint anew and compare its checksums; check that the disk was not full when it was written."
        }
        Class::ModelUnsupported => {
            "Use a version that knows this architecture, or a checkpoint of one that is supported."
        }
        Class::InputBroken => {
            "Open the file with another program; replace it or leave it out. The other images are not affected."
        }
        Class::ContextOverflow => {
            "Shorten the prompt, use smaller or fewer images, or ask for fewer new tokens, until the sum fits the model's context."
        }
        Class::NativeCrash => {
            "Get a stack trace (coredumpctl debug, or run under gdb) and see which library it is in; run the same once more to see whether it reproduces."
        }
        Class::StackOverflow => {
            "Look for a recursion without end in the stack trace; if the depth is meant, raise the stack (ulimit -s, or the thread's stack size)."
        }
        Class::AssertionFailed => {
            "Read the line before the abort: it names the check and its place in the source. Get a stack trace if it does not."
        }
        Class::ApplicationException => {
            "Read the traceback in the attempt's stderr.log: the first exception of the chain is the cause."
        }
        Class::HostDeadlock => {
            "Take the stack of every thread while it hangs (gdb -p PID, py-spy dump), and look for two that wait for each other or for a child that is gone."
        }
        Class::NumericalCorruption => {
            "Run the same image again several times, then on another GPU: output that changes on one card only points at its hardware, everywhere at the program."
        }
        Class::KilledFromOutside => {
            "Look in the logs of whoever may have sent it: service manager, scheduler, orchestrator, CI. If it was meant, run again."
        }
        Class::TimeLimit => {
            "Give the job more time, or split it; measure first how long it takes without a limit."
        }
        Class::Unknown => {
            "See what the evidence says is missing, make it readable (as root, with persistent logs), and run the same once more."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_class_has_an_action_of_its_own() {
        let actions: HashSet<&str> = Class::ALL.iter().map(|&class| action(class)).collect();
        assert_eq!(actions.len(), Class::ALL.len());
        for action in actions {
            assert!(action.len() > 40 && action.ends_with('.'), "{action:?}");
        }
    }
}
