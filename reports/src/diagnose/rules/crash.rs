//! What the worker's own signal handler saw: stronger than the bare number of a signal.

use super::{Bundle, Evidence, ending, signal};
use crate::ending::EndingKind;
use crate::gathered::{Crash, DiskSpace};
use crate::signal::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
use crate::verdict::{Class, Confidence, Verdict};

/// `si_code` of SIGFPE: an integer was divided by zero.
const FPE_INTDIV: i32 = 1;
/// `si_code` of SIGBUS: there is a mapping, and nothing behind it at this place.
const BUS_ADRERR: i32 = 2;
/// `si_code` of SIGSEGV without an address, most often an address that none can be.
const SI_KERNEL: i32 = 0x80;

/// Fields of a structure behind a null pointer lie here; nothing else does.
const NULL: u64 = 64 << 10;
/// A file system with less room than this is as good as full.
const FULL: u64 = 1 << 20;
const MODEL_FILES: [&str; 6] = [".safetensors", ".gguf", ".bin", ".pt", ".pth", ".onnx"];

pub fn fault(bundle: &Bundle<'_>) -> Option<Verdict> {
    let crash = bundle.crash()?;
    if bundle.ending?.kind != EndingKind::Signal {
        return None;
    }
    let (class, confidence, what) = if crash.code <= 0 {
        sent(crash)?
    } else {
        match crash.signal {
            SIGSEGV if crash.stack_overflow => (
                Class::StackOverflow,
                Confidence::Likely,
                "the address is just beyond the end of the thread's stack".to_owned(),
            ),
            SIGSEGV => (Class::NativeCrash, Confidence::Likely, access(crash)),
            SIGBUS => bus(bundle, crash),
            SIGFPE => {
                let what = match crash.code {
                    FPE_INTDIV => "an integer was divided by zero".to_owned(),
                    code => format!("arithmetic that failed (si_code {code})"),
                };
                (Class::NativeCrash, Confidence::Likely, what)
            }
            SIGILL | SIGTRAP => instruction(crash)?,
            _ => return None,
        }
    };
    // A failed allocation whose error path crashes is no crash first of all.
    let mut verdict = signal::explained(bundle, class)
        .unwrap_or_else(|| Verdict::new(class, confidence, ending(bundle)));
    let seen = [Some(what), place(crash)].into_iter().flatten();
    verdict
        .evidence
        .extend(seen.map(|text| Evidence::new("crash", text)));
    Some(verdict)
}

type Found = (Class, Confidence, String);

/// A signal of a fault that no fault raised. Of the process's own, as `abort` sends it, other
/// evidence speaks.
fn sent(crash: &Crash) -> Option<Found> {
    let sender = crash.sender_pid.filter(|sender| *sender != crash.pid)?;
    let who = match sender {
        0 => "a process outside of its PID namespace".to_owned(),
        pid => format!("process {pid}"),
    };
    Some((
        Class::KilledFromOutside,
        Confidence::Likely,
        format!("the signal was sent by {who}, no fault raised it"),
    ))
}

fn access(crash: &Crash) -> String {
    match (crash.address, &crash.mapping) {
        (Some(address), _) if address < NULL => {
            format!("a null pointer was used: address {address:#x}")
        }
        (Some(address), Some(mapping)) => {
            format!("address {address:#x}, in {mapping}, must not be accessed that way")
        }
        (Some(address), None) => format!("nothing is mapped at address {address:#x}"),
        (None, _) if crash.code == SI_KERNEL => {
            "an address that can't be one was used, as after memory was overwritten".to_owned()
        }
        (None, _) => "memory was accessed that must not be".to_owned(),
    }
}

fn bus(bundle: &Bundle<'_>, crash: &Crash) -> Found {
    let file = crash
        .mapping
        .as_deref()
        .filter(|mapping| mapping.starts_with('/'));
    let Some(file) = file.filter(|_| crash.code == BUS_ADRERR) else {
        let what = format!("a bus error (si_code {})", crash.code);
        return (Class::NativeCrash, Confidence::Likely, what);
    };
    let what = format!(
        "the mapped file {file} has nothing at this place: it is shorter than its mapping, or its \
         file system is full or can't be read"
    );
    if file.starts_with("/dev/shm/") {
        let disks = bundle.gathered.into_iter().flat_map(|it| &it.disks);
        let full = |disk: &DiskSpace| disk.path == "/dev/shm" && disk.free_bytes < FULL;
        let confidence = if disks.into_iter().any(full) {
            Confidence::Likely
        } else {
            Confidence::Possible
        };
        return (Class::ShmExhausted, confidence, what);
    }
    // A name that says "(deleted)" is no file that anybody can look at.
    if MODEL_FILES.iter().any(|ending| file.ends_with(ending)) {
        return (Class::ModelFilesBroken, Confidence::Possible, what);
    }
    (Class::NativeCrash, Confidence::Likely, what)
}

/// Compilers put a trap where code must not be reached; everything else is an instruction that
/// this processor does not have, or no code at all.
fn instruction(crash: &Crash) -> Option<Found> {
    let bytes = crash.instruction.as_deref()?;
    let begins = |with: &[&str]| with.iter().any(|prefix| bytes.starts_with(prefix));
    // ud2, ud1, int3 (which has been passed by then), and brk and udf of Arm.
    let passed = crash.signal == SIGTRAP;
    if passed || begins(&["0f0b", "0fb9", "cc", "0000"]) || is_brk(bytes) {
        return Some((
            Class::AssertionFailed,
            Confidence::Likely,
            format!(
                "a trap that a compiler or a check puts where code must not be reached: {bytes}"
            ),
        ));
    }
    // EVEX and VEX: only AVX and its successors are written so.
    let set = if begins(&["62"]) {
        "AVX-512"
    } else if begins(&["c4", "c5"]) {
        "AVX"
    } else {
        return None;
    };
    let mut what = format!("the processor refused an instruction of the {set} family: {bytes}");
    if !crash.processor_lacks.is_empty() {
        what += &format!("; it lacks {}", crash.processor_lacks.join(", "));
    }
    Some((Class::CpuInstructionSet, Confidence::Likely, what))
}

/// `brk #n` of 64-bit Arm, by its bytes in memory.
fn is_brk(bytes: &str) -> bool {
    bytes
        .get(4..8)
        .is_some_and(|end| matches!(end, "20d4" | "3ed4" | "21d4"))
}

/// The innermost frame that is in code at all; the report has all of them.
fn place(crash: &Crash) -> Option<String> {
    let frame = crash.frames.iter().find(|frame| frame.module.is_some())?;
    Some(format!("in {frame}"))
}
