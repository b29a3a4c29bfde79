//! What the worker's own signal handler saw, as evidence for a class.

use crashpoint_reports::diagnose::{Bundle, verdict};
use crashpoint_reports::gathered::{Crash, DiskSpace, Frame, Gathered};
use crashpoint_reports::{Class, Confidence, Verdict};

use crate::journal::signal;

const ILL: i32 = 4;
const TRAP: i32 = 5;
const ABRT: i32 = 6;
const BUS: i32 = 7;
const FPE: i32 = 8;
const SEGV: i32 = 11;

fn judged(ended_by: i32, gathered: &Gathered) -> Verdict {
    verdict(&Bundle {
        ending: Some(signal(ended_by)),
        gathered: Some(gathered),
        own_worker: true,
        ..Bundle::default()
    })
}

fn of(crash: Crash) -> Verdict {
    let ended_by = crash.signal;
    let gathered = Gathered {
        crash: Some(crash),
        ..Gathered::default()
    };
    judged(ended_by, &gathered)
}

/// A fault of this process at an address.
fn fault(signal: i32, code: i32, address: u64) -> Crash {
    Crash {
        signal,
        code,
        pid: 100,
        address: Some(address),
        ..Crash::default()
    }
}

#[track_caller]
fn is(verdict: &Verdict, class: Class, confidence: Confidence, part: &str) {
    assert_eq!((verdict.class, verdict.confidence), (class, confidence));
    let said = verdict.evidence.iter().any(|it| it.text.contains(part));
    assert!(said, "{part:?} is not in {:#?}", verdict.evidence);
}

#[test]
fn a_signal_from_another_process_is_no_fault_of_this_one() {
    let sent = |signal, sender_pid| {
        of(Crash {
            signal,
            code: 0,
            pid: 100,
            sender_pid: Some(sender_pid),
            ..Crash::default()
        })
    };
    let outside = (Class::KilledFromOutside, Confidence::Likely);
    is(&sent(SEGV, 7), outside.0, outside.1, "sent by process 7");
    is(&sent(ABRT, 7), outside.0, outside.1, "sent by process 7");
    is(&sent(ABRT, 0), outside.0, outside.1, "PID namespace");
    // That is how `abort` does it.
    assert_eq!(sent(ABRT, 100).class, Class::AssertionFailed);
}

#[test]
fn an_address_tells_what_kind_of_access_it_was() {
    let native = (Class::NativeCrash, Confidence::Likely);
    is(&of(fault(SEGV, 1, 16)), native.0, native.1, "null pointer");
    let wild = of(fault(SEGV, 1, 0x7000_0000_0000));
    is(&wild, native.0, native.1, "nothing is mapped");
    let read_only = of(Crash {
        mapping: Some("/lib/libm.so.6".to_owned()),
        ..fault(SEGV, 2, 0x7000_0000_0000)
    });
    is(&read_only, native.0, native.1, "in /lib/libm.so.6");
    is(&of(fault(FPE, 1, 0)), native.0, native.1, "divided by zero");
}

#[test]
fn the_end_of_the_stack_is_told_whatever_signal_came_of_it() {
    let gathered = Gathered {
        crash: Some(Crash {
            stack_overflow: true,
            ..fault(SEGV, 2, 0x7fff_0000_0000)
        }),
        ..Gathered::default()
    };
    // Rust's runtime says so and aborts.
    for ended_by in [SEGV, ABRT] {
        let verdict = judged(ended_by, &gathered);
        is(
            &verdict,
            Class::StackOverflow,
            Confidence::Likely,
            "end of the thread's stack",
        );
    }
}

#[test]
fn a_trap_is_told_from_an_instruction_that_the_processor_lacks() {
    let refused = |signal, bytes: &str| {
        of(Crash {
            instruction: Some(bytes.to_owned()),
            processor_lacks: vec!["avx512f".to_owned()],
            ..fault(signal, 2, 0x1000)
        })
    };
    let trap = (Class::AssertionFailed, Confidence::Likely);
    is(
        &refused(ILL, "0f0b660f1f44"),
        trap.0,
        trap.1,
        "must not be reached",
    );
    is(
        &refused(TRAP, "c3c3c3"),
        trap.0,
        trap.1,
        "must not be reached",
    );
    let lacking = (Class::CpuInstructionSet, Confidence::Likely);
    is(
        &refused(ILL, "62f17c4858c0"),
        lacking.0,
        lacking.1,
        "lacks avx512f",
    );
    is(&refused(ILL, "c5fc58c0"), lacking.0, lacking.1, "AVX");
    // Anything else may be no code at all.
    let other = refused(ILL, "d9c3");
    assert_eq!(other.confidence, Confidence::Possible);
}

#[test]
fn a_bus_error_depends_on_the_file() {
    let on = |file: &str| Crash {
        mapping: Some(file.to_owned()),
        ..fault(BUS, 2, 0x7000_0000_0000)
    };
    let model = of(on("/models/llava/model-00001.safetensors"));
    is(
        &model,
        Class::ModelFilesBroken,
        Confidence::Possible,
        "shorter",
    );
    let other = of(on("/tmp/cache (deleted)"));
    is(&other, Class::NativeCrash, Confidence::Likely, "shorter");
    let mut gathered = Gathered {
        crash: Some(on("/dev/shm/torch_1")),
        ..Gathered::default()
    };
    let shm = judged(BUS, &gathered);
    is(&shm, Class::ShmExhausted, Confidence::Possible, "/dev/shm");
    gathered.disks.push(DiskSpace {
        path: "/dev/shm".to_owned(),
        total_bytes: 64 << 20,
        free_bytes: 0,
        ..DiskSpace::default()
    });
    let shm = judged(BUS, &gathered);
    is(&shm, Class::ShmExhausted, Confidence::Likely, "/dev/shm");
}

#[test]
fn the_innermost_code_is_named() {
    let crash = Crash {
        frames: vec![
            Frame::default(),
            Frame {
                module: Some("libquant.so.1".to_owned()),
                offset: 0x1234,
                symbol: Some("quantise".to_owned()),
            },
        ],
        ..fault(SEGV, 1, 0)
    };
    let place = "in quantise (libquant.so.1+0x1234)";
    is(&of(crash), Class::NativeCrash, Confidence::Likely, place);
}
