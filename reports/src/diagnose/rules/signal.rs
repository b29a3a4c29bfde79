//! A signal that a program's own fault brings.

use super::{Bundle, Evidence, ending};
use crate::ending::EndingKind;
use crate::verdict::{Class, Confidence, Verdict};

const SIGILL: i32 = 4;
const SIGABRT: i32 = 6;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;

/// What glibc writes when it finds its heap damaged.
const HEAP: [&str; 7] = [
    "free(): ",
    "malloc(): ",
    "realloc(): ",
    "double free or corruption",
    "corrupted size vs. prev_size",
    "corrupted double-linked list",
    "munmap_chunk(): ",
];
const STACK: [&str; 2] = ["has overflowed its stack", "stack overflow"];
const NO_MEMORY: [&str; 2] = ["std::bad_alloc", "memory allocation of "];
const CHECK: [&str; 4] = [
    "terminate called",
    "panicked at",
    "Assertion `",
    "Assertion failed",
];
/// Words that hint at a cause below the program, which a broken check only reports.
const BELOW: [&str; 5] = ["CUDA", "cuda", "cuDNN", "CUDNN", "NCCL"];

fn signal(bundle: &Bundle<'_>) -> Option<i32> {
    let ending = bundle.ending?;
    let ours = ending.kind != EndingKind::Signal;
    if ours { None } else { ending.signal }
}

pub fn instruction(bundle: &Bundle<'_>) -> Option<Verdict> {
    (signal(bundle)? == SIGILL).then(|| {
        let mut seen = ending(bundle);
        seen.push(Evidence::new(
            "missing",
            "which instruction it was: compilers also end in SIGILL where code must not be reached",
        ));
        Verdict::new(Class::CpuInstructionSet, Confidence::Possible, seen)
    })
}

pub fn memory_access(bundle: &Bundle<'_>) -> Option<Verdict> {
    if !matches!(signal(bundle)?, SIGSEGV | SIGBUS | SIGFPE) {
        return None;
    }
    let mut seen = ending(bundle);
    if let Some(line) = bundle.stderr_line(&STACK) {
        seen.push(Evidence::new("stderr", line));
        return Some(Verdict::new(Class::StackOverflow, Confidence::Likely, seen));
    }
    Some(Verdict::new(Class::NativeCrash, Confidence::Possible, seen))
}

pub fn abort(bundle: &Bundle<'_>) -> Option<Verdict> {
    if signal(bundle)? != SIGABRT {
        return None;
    }
    let mut seen = ending(bundle);
    let below = bundle.stderr_line(&BELOW).is_some();
    let said: [(&[&str], Class, Confidence); 4] = [
        (&STACK, Class::StackOverflow, Confidence::Likely),
        (&NO_MEMORY, Class::HostAllocFailed, Confidence::Likely),
        // The same words follow a failed allocation whose error path is broken.
        (&HEAP, Class::NativeCrash, Confidence::Possible),
        (
            &CHECK,
            Class::AssertionFailed,
            if below {
                Confidence::Possible
            } else {
                Confidence::Likely
            },
        ),
    ];
    for (words, class, confidence) in said {
        if let Some(line) = bundle.stderr_line(words) {
            seen.push(Evidence::new("stderr", line));
            return Some(Verdict::new(class, confidence, seen));
        }
    }
    Some(Verdict::new(
        Class::AssertionFailed,
        Confidence::Possible,
        seen,
    ))
}
