//! Why: from the evidence of one attempt to a class.

use crashpoint_reports::diagnose::{Bundle, Scan, Source, verdict};
use crashpoint_reports::event::ThreadState;
use crashpoint_reports::protocol::WorkerError;
use crashpoint_reports::{Class, Confidence, Ending, EndingKind, GpuSample, Sample, Verdict};

use crate::journal::{exit, signal};

/// `SIG...` by number, on Linux.
const ILL: i32 = 4;
const ABRT: i32 = 6;
const BUS: i32 = 7;
const FPE: i32 = 8;
const KILL: i32 = 9;
const SEGV: i32 = 11;
const PIPE: i32 = 13;
const TERM: i32 = 15;

fn of(ending: Ending, stderr: &str) -> Verdict {
    let mut scan = Scan::new();
    scan.text(Source::Stderr, stderr);
    verdict(&Bundle {
        ending: Some(ending),
        sightings: scan.finish(),
        ..Bundle::default()
    })
}

fn names(verdict: &Verdict) -> (Class, Confidence) {
    (verdict.class, verdict.confidence)
}

#[test]
fn every_verdict_has_evidence_and_an_action() {
    for number in 1..=31 {
        let verdict = of(signal(number), "");
        assert!(!verdict.evidence.is_empty(), "{number}");
        assert!(!verdict.action.is_empty(), "{number}");
        assert_ne!(verdict.confidence, Confidence::Certain, "{number}");
        let undecided = verdict.class == Class::Unknown;
        assert_eq!(
            undecided,
            verdict.confidence == Confidence::None,
            "{number}"
        );
    }
}

#[test]
fn a_signal_alone_is_a_lead_at_most() {
    for (number, class) in [
        (ILL, Class::CpuInstructionSet),
        (SEGV, Class::NativeCrash),
        (BUS, Class::NativeCrash),
        (FPE, Class::NativeCrash),
        (ABRT, Class::AssertionFailed),
        (TERM, Class::KilledFromOutside),
    ] {
        assert_eq!(
            names(&of(signal(number), "")),
            (class, Confidence::Possible)
        );
    }
    assert_eq!(of(signal(PIPE), "").class, Class::Unknown);
}

#[test]
fn sigkill_and_exit_code_137_prove_no_lack_of_memory() {
    for ending in [signal(KILL), exit(137)] {
        let found = of(ending, "");
        assert_eq!(names(&found), (Class::Unknown, Confidence::None));
    }
    let missing = of(signal(KILL), "").evidence.pop().unwrap();
    assert_eq!(missing.source, "missing");
    assert!(missing.text.contains("memory.events"));
}

#[test]
fn what_was_printed_before_an_abort_tells_its_kind() {
    for (stderr, expected) in [
        (
            "free(): invalid pointer\n",
            (Class::NativeCrash, Confidence::Possible),
        ),
        (
            "thread 'main' panicked at src/main.rs:3:5:\nindex out of bounds",
            (Class::AssertionFailed, Confidence::Likely),
        ),
        (
            "terminate called after throwing an instance of 'std::bad_alloc'\n",
            (Class::HostAllocFailed, Confidence::Likely),
        ),
        (
            "terminate called after throwing an instance of 'c10::Error'\n  what():  CUDA error: unspecified launch failure",
            (Class::GpuKernelFault, Confidence::Likely),
        ),
        (
            "thread 'main' has overflowed its stack\nfatal runtime error: stack overflow",
            (Class::StackOverflow, Confidence::Likely),
        ),
    ] {
        assert_eq!(names(&of(signal(ABRT), stderr)), expected, "{stderr}");
    }
}

#[test]
fn an_uncaught_exception_is_told_by_its_traceback() {
    let traceback = |line: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n{line}\n"
        )
    };
    for (line, expected) in [
        (
            "ValueError: bad page",
            (Class::ApplicationException, Confidence::Likely),
        ),
        (
            "torch.OutOfMemoryError: CUDA out of memory.",
            (Class::GpuOom, Confidence::Likely),
        ),
        (
            "ModuleNotFoundError: No module named 'torch'",
            (Class::LibraryMissing, Confidence::Likely),
        ),
        ("MemoryError", (Class::HostAllocFailed, Confidence::Likely)),
    ] {
        assert_eq!(names(&of(exit(1), &traceback(line))), expected, "{line}");
    }
    // Caught and printed: it went on, and ended by something else.
    assert_eq!(
        of(signal(SEGV), &traceback("ValueError: x")).class,
        Class::NativeCrash
    );
    assert_eq!(of(exit(1), "error: no such page").class, Class::Unknown);
}

#[test]
fn what_the_worker_says_itself_stands_before_its_signal() {
    let error = |class, refused| WorkerError {
        class,
        message: "1,130,415 MiB asked for".into(),
        refused,
    };
    let heard = |error: &WorkerError, own_worker| {
        names(&verdict(&Bundle {
            ending: Some(signal(ABRT)),
            error: Some(error),
            own_worker,
            ..Bundle::default()
        }))
    };
    let said = |error: &WorkerError| heard(error, true);
    let broken = error(Some(Class::ModelFilesBroken), false);
    assert_eq!(
        said(&broken),
        (Class::ModelFilesBroken, Confidence::Certain)
    );
    // A foreign program's own word is a good guess.
    assert_eq!(
        heard(&broken, false),
        (Class::ModelFilesBroken, Confidence::Likely)
    );
    assert_eq!(
        said(&error(None, true)),
        (Class::ConfigMemoryPlan, Confidence::Likely)
    );
    assert_eq!(
        said(&error(None, false)),
        (Class::AssertionFailed, Confidence::Possible)
    );
}

#[test]
fn a_hang_is_unknown_and_shows_what_its_threads_waited_in() {
    let ending = Ending {
        signal: Some(KILL),
        ..Ending::of(EndingKind::Timeout)
    };
    let threads = [ThreadState {
        tid: 12,
        name: "cuda".into(),
        state: "D".into(),
        wchan: Some("uvm_ioctl".into()),
        ..ThreadState::default()
    }];
    let found = verdict(&Bundle {
        ending: Some(ending),
        limit: Some("in decode: more than 30.0 s"),
        threads: &threads,
        ..Bundle::default()
    });
    assert_eq!(found.class, Class::Unknown);
    let text: Vec<&str> = found.evidence.iter().map(|it| it.text.as_str()).collect();
    assert!(text.contains(&"in decode: more than 30.0 s"));
    assert!(text.contains(&"thread 12 (cuda) in state D, waiting in uvm_ioctl"));
}

#[test]
fn a_start_that_failed_is_named_only_where_the_text_proves_it() {
    let started = |text: &str| {
        names(&verdict(&Bundle {
            spawn_error: Some(text),
            ..Bundle::default()
        }))
    };
    assert_eq!(
        started("\"./run\" could not be started: Permission denied (os error 13)"),
        (Class::PermissionDenied, Confidence::Certain)
    );
    assert_eq!(
        started("\"pyhton\" could not be started: No such file or directory (os error 2)"),
        (Class::Unknown, Confidence::None)
    );
    let loader = "app: error while loading shared libraries: libcudart.so.12: cannot open shared object file: No such file or directory";
    assert_eq!(
        names(&of(exit(127), loader)),
        (Class::LibraryMissing, Confidence::Likely)
    );
}

#[test]
fn a_gpu_that_was_busy_to_the_end_is_a_lead_and_one_that_was_not_is_none() {
    let gpu = |percent, worker_memory_bytes| Sample {
        gpus: vec![GpuSample {
            utilization_percent: Some(percent),
            worker_memory_bytes,
            ..GpuSample::default()
        }],
        ..Sample::default()
    };
    let class = |sample: Sample| {
        let verdict = verdict(&Bundle {
            ending: Some(Ending::of(EndingKind::Timeout)),
            last_sample: Some(&sample),
            ..Bundle::default()
        });
        names(&verdict)
    };
    let hang = (Class::GpuHang, Confidence::Possible);
    assert_eq!(class(gpu(100, Some(1 << 30))), hang);
    let open = (Class::Unknown, Confidence::None);
    assert_eq!(class(gpu(40, Some(1 << 30))), open);
    assert_eq!(class(gpu(100, None)), open, "somebody else's work");
}

#[test]
fn a_launch_failure_is_not_made_an_assertion_by_its_echo_in_the_kernel() {
    let mut scan = Scan::new();
    let stderr =
        "CUDA failed: DriverError(CUDA_ERROR_LAUNCH_FAILED, \"unspecified launch failure\")";
    scan.text(Source::Stderr, stderr);
    let xid = "[ 75.884044] NVRM: Xid (PCI:0000:00:06): 43, pid=621, name=crashpoint-work, channel 0x00000008";
    scan.text(Source::KernelLog, xid);
    let verdict = verdict(&Bundle {
        ending: Some(exit(1)),
        sightings: scan.finish(),
        ..Bundle::default()
    });
    assert_eq!(verdict.class, Class::GpuKernelFault);
}

#[test]
fn an_injected_fault_is_evidence_and_changes_no_class() {
    let ending = signal(SEGV);
    let plain = Bundle {
        ending: Some(ending),
        ..Bundle::default()
    };
    let without = verdict(&plain.clone());
    let with = verdict(&Bundle {
        inject: Some("segfault@image=5,phase=decode"),
        ..plain
    });
    assert_eq!(names(&with), names(&without));
    assert_eq!(with.evidence.len(), without.evidence.len() + 1);
    assert!(
        with.evidence
            .last()
            .unwrap()
            .text
            .contains("segfault@image=5")
    );
}

fn hung(threads: &[ThreadState]) -> (Class, Confidence) {
    let found = verdict(&Bundle {
        ending: Some(Ending::of(EndingKind::Timeout)),
        threads,
        ..Bundle::default()
    });
    (found.class, found.confidence)
}

fn sleeping(call: &str) -> ThreadState {
    ThreadState {
        state: "S".into(),
        syscall: Some(call.into()),
        cpu_percent: Some(0),
        ..ThreadState::default()
    }
}

#[test]
fn threads_that_all_wait_on_the_host_are_a_deadlock() {
    let (lock, sleep) = (sleeping("futex"), sleeping("clock_nanosleep"));
    assert_eq!(
        hung(&[lock.clone(), lock.clone()]),
        (Class::HostDeadlock, Confidence::Likely)
    );
    assert_eq!(
        hung(&[lock.clone(), sleep]),
        (Class::HostDeadlock, Confidence::Possible)
    );
    let pipe = ThreadState {
        file: Some("pipe:[77]".into()),
        ..sleeping("read")
    };
    assert_eq!(
        hung(std::slice::from_ref(&pipe)),
        (Class::HostDeadlock, Confidence::Possible)
    );
    let stopped = ThreadState {
        state: "T".into(),
        ..ThreadState::default()
    };
    assert_eq!(
        hung(&[stopped]),
        (Class::KilledFromOutside, Confidence::Possible)
    );
    // One that works, waits for a device or talks to somebody elsewhere leaves it open.
    let busy = ThreadState {
        state: "R".into(),
        syscall: None,
        cpu_percent: Some(99),
        ..lock.clone()
    };
    let device = ThreadState {
        state: "D".into(),
        ..sleeping("ioctl")
    };
    let socket = ThreadState {
        file: Some("socket:[78]".into()),
        ..sleeping("read")
    };
    let not_looked_at = ThreadState {
        cpu_percent: None,
        ..lock.clone()
    };
    for other in [busy, device, socket, sleeping("poll"), not_looked_at] {
        assert_eq!(
            hung(&[lock.clone(), other]),
            (Class::Unknown, Confidence::None)
        );
    }
    assert_eq!(hung(&[]), (Class::Unknown, Confidence::None));
}
