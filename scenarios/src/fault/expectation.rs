//! What every fault must come to: the ending, the outcome, the class, the crash point.
//!
//! Tests, the suite and `crashpoint fault --list` read it from here; the worker and the diagnosis
//! never do.

use std::fmt;

use crashpoint_reports::signal::{
    SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTERM, signal_name,
};
use crashpoint_reports::{Class, EndingKind, Outcome};
use serde::Serialize;

use super::Fault;

/// What a Rust program leaves with after a panic of its main thread.
const PANICKED: i32 = 101;
/// What our worker leaves with after it said what was wrong, and when there is nobody to tell.
const TOLD: i32 = crate::worker::EXIT_TOLD as i32;
const ALONE: i32 = crate::worker::EXIT_ALONE as i32;

/// The Xid of a channel that was stopped, whatever for.
const RESET: u32 = 43;

const MIB: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expectation {
    pub kind: EndingKind,
    /// Where the ending is an exit.
    pub code: Option<i32>,
    /// Where the ending is a signal.
    pub signal: Option<i32>,
    pub outcome: Outcome,
    /// What the verdict must name: one, or one of several for the reason that stands beside them.
    pub classes: Vec<Class>,
    pub crash_point: CrashPlace,
    /// A finding, which a surviving attempt can have as well.
    pub finding: Option<Found>,
    /// What the driver may report of it; where it cannot be read there is none.
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    pub xids: &'static [u32],
    pub needs: Needs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashPlace {
    /// The phase, image and token at which the fault struck.
    Struck,
    Teardown,
    /// It survives.
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    MemoryGrowth,
    Drift,
    ChangedOutput,
    LeftBehind,
    BrokenProtocol,
}

impl Found {
    /// Words of the finding that no other one has.
    pub const fn words(self) -> &'static str {
        match self {
            Found::MemoryGrowth => "memory grew with the images",
            Found::Drift => "images took longer and longer",
            Found::ChangedOutput => "gave other tokens",
            Found::LeftBehind => "left processes behind",
            Found::BrokenProtocol => "broke the protocol",
        }
    }
}

/// What a fault cannot do without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// A control group of the worker's own with this limit.
    pub memory_limit_bytes: Option<u64>,
    /// The same for the number of processes and threads. An ordinary user can do without.
    pub pids_limit: Option<u64>,
    /// A mount namespace of its own.
    pub private_mounts: bool,
    /// libstdc++ on this machine.
    pub cpp: bool,
    /// A worker that was built with CUDA, and a GPU.
    pub gpu: bool,
    /// A rung to happen in, and when: alone there would be nothing to compare.
    pub rung: Option<(&'static str, &'static str)>,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.memory_limit_bytes.is_some() || self.pids_limit.is_some();
        let needs = [
            (group, "a control group"),
            (self.private_mounts, "a mount namespace"),
            (self.cpp, "libstdc++"),
            (self.gpu, "a GPU"),
            (self.rung.is_some(), "several images"),
        ];
        let needs: Vec<&str> = needs
            .iter()
            .filter_map(|(needed, name)| needed.then_some(*name))
            .collect();
        f.write_str(&needs.join(", "))
    }
}

impl Expectation {
    /// How it ends, in a few words.
    pub fn how(&self) -> String {
        let signal = self.signal.and_then(signal_name);
        match (self.kind, self.code, signal) {
            _ if self.outcome == Outcome::Survived => "it survives".to_owned(),
            (EndingKind::Exit, Some(code), _) => format!("exit code {code}"),
            (EndingKind::Signal, _, Some(signal)) => signal.to_owned(),
            (EndingKind::Timeout, ..) => "time limit".to_owned(),
            _ => "otherwise".to_owned(),
        }
    }

    fn needing(self, needs: Needs) -> Expectation {
        Expectation { needs, ..self }
    }

    fn told_by(self, xids: &'static [u32]) -> Expectation {
        Expectation { xids, ..self }
    }

    fn with(self, finding: Found) -> Expectation {
        Expectation {
            finding: Some(finding),
            ..self
        }
    }
}

fn ends(kind: EndingKind, outcome: Outcome, class: Class) -> Expectation {
    Expectation {
        kind,
        code: None,
        signal: None,
        outcome,
        classes: vec![class],
        crash_point: CrashPlace::Struck,
        finding: None,
        xids: &[],
        needs: Needs::default(),
    }
}

fn signal(signal: i32, class: Class) -> Expectation {
    Expectation {
        signal: Some(signal),
        ..ends(EndingKind::Signal, Outcome::Died, class)
    }
}

fn exit(code: i32, class: Class) -> Expectation {
    Expectation {
        code: Some(code),
        ..ends(EndingKind::Exit, Outcome::Failed, class)
    }
}

fn hang(class: Class) -> Expectation {
    ends(EndingKind::Timeout, Outcome::Died, class)
}

fn survives(finding: Found, class: Class) -> Expectation {
    Expectation {
        code: Some(0),
        crash_point: CrashPlace::Nowhere,
        finding: Some(finding),
        ..ends(EndingKind::Exit, Outcome::Survived, class)
    }
}

impl Fault {
    pub fn expectation(self) -> Expectation {
        let gpu = Needs {
            gpu: true,
            ..Needs::default()
        };
        let mounts = Needs {
            private_mounts: true,
            ..Needs::default()
        };
        let within = |rung, conditions| Needs {
            rung: Some((rung, conditions)),
            ..Needs::default()
        };
        match self {
            Fault::Segfault | Fault::NullCall => signal(SIGSEGV, Class::NativeCrash),
            Fault::BusError => signal(SIGBUS, Class::NativeCrash),
            Fault::IllegalInstruction => signal(SIGILL, Class::CpuInstructionSet),
            Fault::DivideByZero => signal(SIGFPE, Class::NativeCrash),
            Fault::DoubleFree => signal(SIGABRT, Class::NativeCrash),
            // Rust's own handler says so, and aborts.
            Fault::StackOverflow | Fault::ThreadStackOverflow => {
                signal(SIGABRT, Class::StackOverflow)
            }
            Fault::CrashAtExit => Expectation {
                crash_point: CrashPlace::Teardown,
                ..signal(SIGSEGV, Class::NativeCrash)
            },
            Fault::Abort | Fault::CppAssert => signal(SIGABRT, Class::AssertionFailed),
            Fault::CppThrow => signal(SIGABRT, Class::AssertionFailed).needing(Needs {
                cpp: true,
                ..Needs::default()
            }),
            Fault::Panic => exit(PANICKED, Class::AssertionFailed),
            // It says nothing, so nothing can be known.
            Fault::Exit => exit(i32::from(super::exit::CODE), Class::Unknown),
            Fault::ExitEarly => exit(0, Class::Unknown),
            Fault::ExitSilently => exit(1, Class::Unknown),
            // Who sent it is on no record: that it was nobody else cannot be known.
            Fault::KillSelf => Expectation {
                classes: vec![Class::Unknown, Class::KilledFromOutside],
                ..signal(SIGKILL, Class::Unknown)
            },
            Fault::TermSelf => signal(SIGTERM, Class::KilledFromOutside),
            Fault::StopSelf => hang(Class::KilledFromOutside),
            Fault::Hang | Fault::Deadlock => hang(Class::HostDeadlock),
            // Whether a busy program would have finished with more time cannot be known.
            Fault::BusyHang => hang(Class::Unknown),
            Fault::HostOom => signal(SIGKILL, Class::HostOomCgroup).needing(Needs {
                memory_limit_bytes: Some(256 * MIB),
                ..Needs::default()
            }),
            Fault::AllocFailure => signal(SIGABRT, Class::HostAllocFailed),
            Fault::FdLeak => exit(TOLD, Class::ResourceLimit),
            Fault::ThreadLeak => exit(TOLD, Class::ResourceLimit).needing(Needs {
                pids_limit: Some(64),
                ..Needs::default()
            }),
            Fault::DiskFull => exit(TOLD, Class::DiskFull).needing(mounts),
            Fault::ShmFull => exit(TOLD, Class::ShmExhausted).needing(mounts),
            Fault::DeviceOom | Fault::CudaOutOfMemory => exit(TOLD, Class::GpuOom).needing(gpu),
            Fault::MemoryLeak => survives(Found::MemoryGrowth, Class::HostMemoryLeak)
                .needing(within("long", "phase=decode")),
            // No class of death fits it.
            Fault::SlowDrift => {
                survives(Found::Drift, Class::Unknown).needing(within("long", "phase=decode"))
            }
            Fault::WrongOutput => survives(Found::ChangedOutput, Class::NumericalCorruption)
                .needing(within("repeat", "position=3,phase=decode")),
            Fault::Orphan => survives(Found::LeftBehind, Class::Unknown),
            // Nobody listens to it any more, so it gives up. No class of death fits it.
            Fault::Garbage | Fault::Flood => {
                exit(ALONE, Class::Unknown).with(Found::BrokenProtocol)
            }
            Fault::CudaIllegalAddress => exit(TOLD, Class::GpuIllegalAccess)
                .needing(gpu)
                .told_by(&[31, RESET]),
            Fault::CudaMisalignedAddress | Fault::CudaTrap => exit(TOLD, Class::GpuKernelFault)
                .needing(gpu)
                .told_by(&[13, RESET]),
            Fault::CudaDeviceAssert => exit(TOLD, Class::GpuDeviceAssert)
                .needing(gpu)
                .told_by(&[13, RESET]),
            Fault::CudaInfiniteKernel => hang(Class::GpuHang).needing(gpu).told_by(&[RESET]),
            // With a model in it the driver itself falls over what is gone.
            Fault::CudaContextDestroyed => signal(SIGSEGV, Class::NativeCrash).needing(gpu),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fault_is_expected_to_end_as_one_that_did_not_happen() {
        let unharmed = i32::from(crate::worker::EXIT_UNHARMED);
        for fault in Fault::ALL {
            assert_ne!(fault.expectation().code, Some(unharmed), "{fault}");
        }
    }

    #[test]
    fn a_survivor_has_a_finding_and_no_crash_point() {
        for fault in Fault::ALL {
            let expectation = fault.expectation();
            let survives = expectation.outcome == Outcome::Survived;
            assert_eq!(
                survives,
                expectation.crash_point == CrashPlace::Nowhere,
                "{fault}"
            );
            assert!(!survives || expectation.finding.is_some(), "{fault}");
            assert!(!expectation.classes.is_empty(), "{fault}");
        }
    }
}
