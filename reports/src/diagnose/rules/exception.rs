//! An exception that nobody caught, as Python prints it.

use super::{Bundle, Evidence, ending};
use crate::diagnose::traceback;
use crate::ending::EndingKind;
use crate::verdict::{Class, Confidence, Verdict};

/// Words in an exception that point below the application.
const BELOW: [&str; 7] = [
    "CUDA",
    "cuda",
    "cuDNN",
    "CUDNN",
    "NCCL",
    "out of memory",
    "OutOfMemory",
];

pub fn python(bundle: &Bundle<'_>) -> Option<Verdict> {
    let found = bundle.ending?;
    let by_itself = found.kind == EndingKind::Exit && (found.code != Some(0) || bundle.left_early);
    if !by_itself {
        return None;
    }
    let exception = traceback::exception(bundle.stderr?)?;
    let mut seen = ending(bundle);
    seen.push(Evidence::new("stderr", exception));
    let name = exception.split(':').next().unwrap_or(exception);
    let (class, confidence) = match name {
        "MemoryError" => (Class::HostAllocFailed, Confidence::Likely),
        "ModuleNotFoundError" => (Class::LibraryMissing, Confidence::Likely),
        _ if BELOW.iter().any(|word| exception.contains(word)) => {
            (Class::ApplicationException, Confidence::Possible)
        }
        // 1 is what Python itself leaves with.
        _ if found.code == Some(1) => (Class::ApplicationException, Confidence::Likely),
        _ => (Class::ApplicationException, Confidence::Possible),
    };
    Some(Verdict::new(class, confidence, seen))
}
