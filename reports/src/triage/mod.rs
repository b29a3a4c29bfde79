//! After a crash: whether it comes again, and how little is enough for it.
//!
//! What to try next is a function of what has been recorded so far and of nothing else, so that a
//! triage can be followed, checked and told from the journal alone. Whoever runs it asks [`next`]
//! until there is nothing left to try.

mod history;
mod reduce;
mod reproduction;

pub use history::History;
pub use reproduction::{Ends, reproduction};

use crate::event::{Purpose, Variation};
use crate::verdict::Class;

/// A call returns when its kernel has ended: the one that reports an error is then the one that failed.
pub const LAUNCH_BLOCKING: &str = "CUDA_LAUNCH_BLOCKING";
/// The driver writes where each thread of a kernel stood when it faulted, and ends the process.
pub const CORE_DUMP: &str = "CUDA_ENABLE_COREDUMP_ON_EXCEPTION";

/// How much is tried at one case.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Attempts at the case as it was planned, in all.
    pub attempts: u32,
    /// Attempts that are made because of the crash, whatever for.
    pub most: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Try(Step),
    /// Nothing is left to try; why not, if there would have been something.
    Done(Option<String>),
}

/// One attempt to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub purpose: Purpose,
    /// Where a file is to be written, whoever runs it says where.
    pub variation: Variation,
}

/// What is reduced: the images in the order of analysis, and how many new tokens for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Input {
    pub images: Vec<u32>,
    /// `None` where the run's setting is not known.
    pub max_new_tokens: Option<u32>,
}

/// What to do next at a case that crashed.
pub fn next(history: &History<'_>, bounds: Bounds) -> Next {
    if history.made() >= bounds.most {
        return Next::Done(Some(format!(
            "{} attempts were made at it, as many as allowed (--triage-attempts)",
            history.made()
        )));
    }
    if history.gpu_is_gone() {
        let because = "no attempt can tell more: the GPU is gone until the machine is started anew";
        return Next::Done(Some(because.to_owned()));
    }
    if history.as_planned() < bounds.attempts {
        return Next::Try(Step::plain(Purpose::Repeat));
    }
    if history.is_about_a_gpu() && !history.has(Purpose::Diagnostic) {
        return Next::Try(Step::diagnostic(history.class()));
    }
    if history.as_planned() > 1 && history.same() < 2 {
        return Next::Done(Some("it did not come again".to_owned()));
    }
    if !history.can_be_reduced() {
        // A program of the user's own, or work without images: there is nothing to leave out.
        return Next::Done(None);
    }
    // One that comes every time says by surviving once that it needs more; one that does not has
    // to be given as many chances as the case had.
    let tries = if history.always() { 1 } else { bounds.attempts };
    match reduce::smallest(history, tries) {
        Err(step) => Next::Try(step),
        Ok(_) => Next::Done(None),
    }
}

impl Step {
    fn plain(purpose: Purpose) -> Step {
        Step {
            purpose,
            variation: Variation::default(),
        }
    }

    /// With what makes a GPU tell more. While NVIDIA's driver (580.159, on an H100) is asked for core
    /// dumps, an illegal address is told to nobody: the next call succeeds, nothing is written,
    /// and the process goes on with what the kernel left.
    fn diagnostic(class: Class) -> Step {
        let mut step = Step::plain(Purpose::Diagnostic);
        let mut set = |name: &str| {
            let variables = &mut step.variation.variables;
            variables.insert(name.to_owned(), "1".to_owned());
        };
        set(LAUNCH_BLOCKING);
        if class != Class::GpuIllegalAccess {
            set(CORE_DUMP);
        }
        step
    }
}

/// Whether running it once more with the GPU made to tell more can say anything.
fn is_about_a_gpu(class: Class, device: Option<&str>) -> bool {
    match class {
        Class::GpuOom
        | Class::GpuOomOtherProcess
        | Class::GpuOomFragmentation
        | Class::GpuMemoryLeak
        | Class::GpuIllegalAccess
        | Class::GpuDeviceAssert
        | Class::GpuKernelFault
        | Class::GpuLaunchTimeout
        | Class::GpuHang
        | Class::GpuEccError
        | Class::GpuHardwareFault
        | Class::GpuFirmware
        | Class::GpuFellOffBus
        | Class::DriverBug
        | Class::PeerTransferFault => true,
        // What shows on the host alone may have begun on the GPU: its errors come late.
        Class::NativeCrash
        | Class::AssertionFailed
        | Class::ApplicationException
        | Class::NumericalCorruption
        | Class::HostDeadlock
        | Class::TimeLimit
        | Class::Unknown => device.is_some_and(|device| device.starts_with("cuda")),
        _ => false,
    }
}
