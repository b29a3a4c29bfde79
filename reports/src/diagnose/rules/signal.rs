//! A signal that a program's own fault brings.

use super::{Bundle, Evidence, ending};
use crate::ending::EndingKind;
use crate::signal::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS};
use crate::verdict::{Class, Confidence, Verdict};

/// The signal itself, or the exit code by which a shell or a container reports one.
fn signal(bundle: &Bundle<'_>) -> Option<i32> {
    let ending = bundle.ending?;
    match (ending.kind, ending.code) {
        (EndingKind::Signal, _) => ending.signal,
        (EndingKind::Exit, Some(code @ (132 | 134 | 135 | 136 | 139 | 159))) => Some(code - 128),
        (EndingKind::Exit, Some(code @ (-31 | -11 | -8 | -7 | -6 | -4))) => Some(-code),
        _ => None,
    }
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

/// A circumstance that explains what the signal alone would be called.
pub fn explained(bundle: &Bundle<'_>, class: Class) -> Option<Verdict> {
    let deeper = bundle
        .sightings
        .iter()
        .find(|it| it.message.explains.contains(&class))?;
    let mut seen = ending(bundle);
    seen.push(deeper.evidence());
    Some(Verdict::new(
        deeper.message.class?,
        deeper.message.confidence.min(Confidence::Likely),
        seen,
    ))
}

pub fn memory_access(bundle: &Bundle<'_>) -> Option<Verdict> {
    if !matches!(signal(bundle)?, SIGSEGV | SIGBUS | SIGFPE) {
        return None;
    }
    if let Some(verdict) = explained(bundle, Class::NativeCrash) {
        return Some(verdict);
    }
    let mut seen = ending(bundle);
    let said = bundle
        .sightings
        .any_of(&["native_crash", "bus_error", "heap_damage"]);
    seen.extend(said.map(|it| it.evidence()));
    seen.push(Evidence::new(
        "missing",
        "a stack of the crashing thread: coredumpctl debug, or a minidump",
    ));
    Some(Verdict::new(Class::NativeCrash, Confidence::Possible, seen))
}

/// The kernel sends it where a filter forbids the system call.
pub fn system_call(bundle: &Bundle<'_>) -> Option<Verdict> {
    (signal(bundle)? == SIGSYS).then(|| {
        let mut seen = ending(bundle);
        seen.push(Evidence::new(
            "missing",
            "which system call it was: the audit lines of the kernel log (type=1326), or a run without the seccomp filter",
        ));
        Verdict::new(Class::PermissionDenied, Confidence::Possible, seen)
    })
}

pub fn abort(bundle: &Bundle<'_>) -> Option<Verdict> {
    if signal(bundle)? != SIGABRT {
        return None;
    }
    let mut seen = ending(bundle);
    // The same words follow a failed allocation whose error path is broken.
    if let Some(heap) = bundle.sightings.first("heap_damage") {
        seen.push(heap.evidence());
        return Some(Verdict::new(Class::NativeCrash, Confidence::Possible, seen));
    }
    let check = bundle.sightings.first("abort_check");
    // A runtime with a handler of its own reports the fault and then aborts: the JVM, for one.
    if check.is_none()
        && let Some(fault) = bundle.sightings.first("native_crash")
    {
        seen.push(fault.evidence());
        return Some(Verdict::new(Class::NativeCrash, Confidence::Possible, seen));
    }
    // .NET aborts where nobody catches an exception.
    if check.is_none()
        && let Some(uncaught) = bundle.sightings.first("other_runtimes_exception")
    {
        seen.push(uncaught.evidence());
        return Some(Verdict::new(
            Class::ApplicationException,
            Confidence::Possible,
            seen,
        ));
    }
    seen.extend(check.map(|it| it.evidence()));
    let confidence = match check {
        Some(_) => Confidence::Likely,
        None => Confidence::Possible,
    };
    Some(Verdict::new(Class::AssertionFailed, confidence, seen))
}

#[cfg(test)]
mod tests {
    use crate::diagnose::{case::Case, verdict};
    use crate::verdict::Class;

    fn class(case: &str) -> Class {
        let case: Case = serde_json::from_str(case).unwrap();
        verdict(&case.evidence.bundle()).class
    }

    #[test]
    fn a_handler_that_aborts_after_a_fault_hides_no_fault() {
        let java = r##"{"id": "x", "evidence": {"ending": {"exit_code": 134}, "stderr": ["#  SIGSEGV (0xb) at pc=0x1, pid=7"]}}"##;
        assert_eq!(class(java), Class::NativeCrash);
        let check = r##"{"id": "x", "evidence": {"ending": {"exit_code": 134}, "stderr": ["Check failed: n > 0"]}}"##;
        assert_eq!(class(check), Class::AssertionFailed);
        let net = r##"{"id": "x", "evidence": {"ending": {"exit_code": 134}, "stderr": ["Unhandled exception. Tiles.TornException: page 7"]}}"##;
        assert_eq!(class(net), Class::ApplicationException);
        let heap = r##"{"id": "x", "evidence": {"ending": {"signal": "SIGABRT"}, "stderr": ["*** SIGABRT received by PID 7 ***", " @ 0x1 _int_free", " @ 0x2 drop_page"]}}"##;
        assert_eq!(class(heap), Class::NativeCrash);
    }

    #[test]
    fn a_forbidden_system_call_is_named() {
        let alone = r##"{"id": "x", "evidence": {"ending": {"signal": "SIGSYS"}}}"##;
        assert_eq!(class(alone), Class::PermissionDenied);
    }
}
