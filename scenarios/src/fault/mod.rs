//! Faults that a worker can be made to have on purpose, so that every ending is a real one.
//!
//! Nothing here tells the diagnosis what happened: a fault leaves the traces that the same fault
//! leaves in any program, and the class has to be found from those.

mod abort;
mod alloc_failure;
mod bus_error;
mod busy_hang;
mod cpp_assert;
mod cpp_throw;
mod crash_at_exit;
mod cuda;
mod deadlock;
mod device_oom;
mod disk_full;
mod divide_by_zero;
mod double_free;
mod exit;
mod expectation;
mod fd_leak;
mod flood;
mod garbage;
mod group;
mod hang;
mod host_oom;
mod illegal_instruction;
mod injection;
mod memory_leak;
mod mounts;
mod null_call;
mod orphan;
mod panic;
mod raise;
mod segfault;
mod shm_full;
mod slow_drift;
mod stack_overflow;
mod thread_leak;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use crashpoint_reports::Class;
use serde::{Serialize, Serializer};
use strum::VariantArray;
use thiserror::Error;

pub use expectation::{CrashPlace, Expectation, Found, Needs};
pub use injection::{Injection, InjectionError, Moment};

/// Every fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray)]
pub enum Fault {
    // A signal that the program's own fault brings.
    Segfault,
    NullCall,
    BusError,
    IllegalInstruction,
    DivideByZero,
    DoubleFree,
    StackOverflow,
    ThreadStackOverflow,
    CrashAtExit,
    // The program's own check.
    Abort,
    CppAssert,
    CppThrow,
    Panic,
    // It leaves.
    Exit,
    ExitEarly,
    ExitSilently,
    // It is sent a signal.
    KillSelf,
    TermSelf,
    StopSelf,
    // It never comes back.
    Hang,
    BusyHang,
    Deadlock,
    // Something runs out.
    HostOom,
    AllocFailure,
    FdLeak,
    ThreadLeak,
    DiskFull,
    ShmFull,
    DeviceOom,
    // It lives, and something is wrong all the same.
    MemoryLeak,
    SlowDrift,
    WrongOutput,
    Orphan,
    // It breaks the protocol.
    Garbage,
    Flood,
    // On a GPU.
    CudaIllegalAddress,
    CudaMisalignedAddress,
    CudaDeviceAssert,
    CudaTrap,
    CudaInfiniteKernel,
    CudaOutOfMemory,
    CudaContextDestroyed,
}

/// What a fault may use of the worker that it strikes.
pub struct Scene<'a> {
    /// As the job names it: `cpu`, `cuda:N`.
    pub device: &'a str,
    /// The n-th analysis of this worker; `None` outside of images.
    pub position: Option<u32>,
    /// What `exit` is to leave with.
    pub code: Option<u8>,
    /// By how much `slow-drift` is to slow every image down, instead of more and more.
    pub percent: Option<u32>,
    /// Straight to the supervisor, past everything that keeps to the protocol.
    pub supervisor: &'a mut dyn Write,
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("device", &self.device)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// What a worker does after a fault that it outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    GoOn,
    /// The next token of the answer is to be another one.
    CorruptToken,
    /// The image is to take so many percent longer than it would.
    Slower(u32),
}

#[derive(Debug, Error)]
pub enum FaultError {
    /// The program's own words for what it ran into.
    #[error("{0}")]
    Failed(String),
    /// The fault cannot be had here.
    #[error("{message}")]
    Unfit { class: Class, message: String },
    /// It should have ended the process, and did not.
    #[error("the fault {0} did not happen: this is no finding about the program under test")]
    Unharmed(Fault),
}

impl FaultError {
    fn unfit(class: Class, message: impl Into<String>) -> FaultError {
        FaultError::Unfit {
            class,
            message: message.into(),
        }
    }
}

impl Fault {
    pub const ALL: &'static [Fault] = <Fault as VariantArray>::VARIANTS;

    pub const fn name(self) -> &'static str {
        match self {
            Fault::Segfault => "segfault",
            Fault::NullCall => "null-call",
            Fault::BusError => "bus-error",
            Fault::IllegalInstruction => "illegal-instruction",
            Fault::DivideByZero => "divide-by-zero",
            Fault::DoubleFree => "double-free",
            Fault::StackOverflow => "stack-overflow",
            Fault::ThreadStackOverflow => "thread-stack-overflow",
            Fault::CrashAtExit => "crash-at-exit",
            Fault::Abort => "abort",
            Fault::CppAssert => "cpp-assert",
            Fault::CppThrow => "cpp-throw",
            Fault::Panic => "panic",
            Fault::Exit => "exit",
            Fault::ExitEarly => "exit-early",
            Fault::ExitSilently => "exit-silently",
            Fault::KillSelf => "kill-self",
            Fault::TermSelf => "term-self",
            Fault::StopSelf => "stop-self",
            Fault::Hang => "hang",
            Fault::BusyHang => "busy-hang",
            Fault::Deadlock => "deadlock",
            Fault::HostOom => "host-oom",
            Fault::AllocFailure => "alloc-failure",
            Fault::FdLeak => "fd-leak",
            Fault::ThreadLeak => "thread-leak",
            Fault::DiskFull => "disk-full",
            Fault::ShmFull => "shm-full",
            Fault::DeviceOom => "device-oom",
            Fault::MemoryLeak => "memory-leak",
            Fault::SlowDrift => "slow-drift",
            Fault::WrongOutput => "wrong-output",
            Fault::Orphan => "orphan",
            Fault::Garbage => "garbage",
            Fault::Flood => "flood",
            Fault::CudaIllegalAddress => "cuda-illegal-address",
            Fault::CudaMisalignedAddress => "cuda-misaligned-address",
            Fault::CudaDeviceAssert => "cuda-device-assert",
            Fault::CudaTrap => "cuda-trap",
            Fault::CudaInfiniteKernel => "cuda-infinite-kernel",
            Fault::CudaOutOfMemory => "cuda-out-of-memory",
            Fault::CudaContextDestroyed => "cuda-context-destroyed",
        }
    }

    /// What it does, in a few words.
    pub const fn describe(self) -> &'static str {
        match self {
            Fault::Segfault => "write to an address that is not mapped",
            Fault::NullCall => "call a function pointer that is null",
            Fault::BusError => "read a mapped file beyond its end, after it was truncated",
            Fault::IllegalInstruction => "execute an instruction that this CPU does not have",
            Fault::DivideByZero => "divide an integer by zero",
            Fault::DoubleFree => "free a block of the heap twice",
            Fault::StackOverflow => "recurse without end in the main thread",
            Fault::ThreadStackOverflow => "recurse without end in a thread with a small stack",
            Fault::CrashAtExit => "leave a handler that crashes while the process exits",
            Fault::Abort => "call abort()",
            Fault::CppAssert => "fail an assert() of C or C++",
            Fault::CppThrow => "throw a C++ exception that nobody catches",
            Fault::Panic => "panic in Rust",
            Fault::Exit => "leave with an exit code (code=N, 17 by default) and without a word",
            Fault::ExitEarly => "leave with exit code 0 before the work is done",
            Fault::ExitSilently => "leave by _exit(1): no handler runs, nothing is flushed",
            Fault::KillSelf => "send SIGKILL to itself",
            Fault::TermSelf => "send SIGTERM to itself",
            Fault::StopSelf => "send SIGSTOP to itself, and stay stopped",
            Fault::Hang => "wait for ever in one system call",
            Fault::BusyHang => "loop for ever",
            Fault::Deadlock => "two threads that each hold the lock the other wants",
            Fault::HostOom => "use more memory than the control group has",
            Fault::AllocFailure => "ask for memory beyond RLIMIT_AS",
            Fault::FdLeak => "open files and keep them, until no more can be opened",
            Fault::ThreadLeak => "start threads that stay, until no more can be started",
            Fault::DiskFull => "write into a file system until it is full",
            Fault::ShmFull => "write into /dev/shm until it is full",
            Fault::DeviceOom => "allocate on the device until its allocator refuses",
            Fault::MemoryLeak => "keep 8 MiB with every image",
            Fault::SlowDrift => "take an eighth longer with every image",
            Fault::WrongOutput => "hand out one wrong token, and go on with it",
            Fault::Orphan => "leave a grandchild that outlives it and holds its pipes",
            Fault::Garbage => "send the supervisor what is no message",
            Fault::Flood => "send the supervisor more than it asked for",
            Fault::CudaIllegalAddress => {
                "write to an address that no allocation holds, in a kernel"
            }
            Fault::CudaMisalignedAddress => "write to an odd address, in a kernel",
            Fault::CudaDeviceAssert => "fail an assert() in a kernel",
            Fault::CudaTrap => "execute a trap in a kernel",
            Fault::CudaInfiniteKernel => "launch a kernel that never ends, and wait for it",
            Fault::CudaOutOfMemory => "ask the driver for more memory than the GPU has",
            Fault::CudaContextDestroyed => "destroy the context that is in use",
        }
    }

    /// What has to be done while the process has one thread only; also where a fault that cannot be
    /// had here is turned down, before anything has begun.
    pub fn prepare(self, device: &str) -> Result<(), FaultError> {
        match self {
            Fault::DiskFull => disk_full::prepare(),
            Fault::ShmFull => shm_full::prepare(),
            Fault::HostOom => host_oom::prepare(),
            Fault::ThreadLeak => thread_leak::prepare(),
            Fault::CppThrow => cpp_throw::prepare(),
            Fault::IllegalInstruction => illegal_instruction::prepare(),
            Fault::DeviceOom => device_oom::prepare(device),
            _ if self.expectation().needs.gpu => cuda::prepare(device),
            _ => Ok(()),
        }
    }

    /// Does it. Returns only from faults that a program outlives, or that it can report.
    pub fn commit(self, scene: &mut Scene<'_>) -> Result<After, FaultError> {
        match self {
            Fault::Segfault => segfault::commit(),
            Fault::NullCall => null_call::commit(),
            Fault::BusError => bus_error::commit()?,
            Fault::IllegalInstruction => illegal_instruction::commit(),
            Fault::DivideByZero => divide_by_zero::commit(),
            Fault::DoubleFree => double_free::commit(),
            Fault::StackOverflow => stack_overflow::in_main_thread()?,
            Fault::ThreadStackOverflow => stack_overflow::in_another_thread()?,
            Fault::CrashAtExit => return crash_at_exit::commit(),
            Fault::Abort => abort::commit(),
            Fault::CppAssert => cpp_assert::commit(),
            Fault::CppThrow => cpp_throw::commit()?,
            Fault::Panic => panic::commit(),
            Fault::Exit => exit::with_code(scene.code),
            Fault::ExitEarly => exit::early(),
            Fault::ExitSilently => exit::silently(),
            Fault::KillSelf => raise::commit(nix::sys::signal::Signal::SIGKILL)?,
            Fault::TermSelf => raise::commit(nix::sys::signal::Signal::SIGTERM)?,
            Fault::StopSelf => raise::commit(nix::sys::signal::Signal::SIGSTOP)?,
            Fault::Hang => hang::commit()?,
            Fault::BusyHang => busy_hang::commit(),
            Fault::Deadlock => deadlock::commit()?,
            Fault::HostOom => host_oom::commit()?,
            Fault::AllocFailure => alloc_failure::commit()?,
            Fault::FdLeak => fd_leak::commit()?,
            Fault::ThreadLeak => thread_leak::commit()?,
            Fault::DiskFull => disk_full::commit()?,
            Fault::ShmFull => shm_full::commit()?,
            Fault::DeviceOom => device_oom::commit(scene.device)?,
            Fault::MemoryLeak => return memory_leak::commit(),
            Fault::SlowDrift => {
                return match scene.percent {
                    Some(percent) => Ok(After::Slower(percent)),
                    None => slow_drift::commit(scene.position),
                };
            }
            Fault::WrongOutput => return Ok(After::CorruptToken),
            Fault::Orphan => return orphan::commit(),
            Fault::Garbage => return garbage::commit(scene.supervisor),
            Fault::Flood => return flood::commit(scene.supervisor),
            Fault::CudaIllegalAddress
            | Fault::CudaMisalignedAddress
            | Fault::CudaDeviceAssert
            | Fault::CudaTrap
            | Fault::CudaInfiniteKernel
            | Fault::CudaOutOfMemory
            | Fault::CudaContextDestroyed => cuda::commit(self, scene.device)?,
        }
        Err(FaultError::Unharmed(self))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no fault named {0:?}; see `crashpoint fault --list`")]
pub struct NoSuchFault(String);

impl FromStr for Fault {
    type Err = NoSuchFault;

    fn from_str(name: &str) -> Result<Fault, NoSuchFault> {
        Fault::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| NoSuchFault(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own_that_reads_back() {
        let names: BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for &fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
        }
    }
}
