//! Crashpoint had to end it, or could not.

use super::{Bundle, Evidence, ending, unknown};
use crate::ending::EndingKind;
use crate::event::ThreadState;
use crate::sample::Sample;
use crate::verdict::{Class, Confidence, Verdict};

pub fn limit(bundle: &Bundle<'_>) -> Option<Verdict> {
    let found = bundle
        .ending
        .filter(|ending| matches!(ending.kind, EndingKind::Timeout | EndingKind::Budget))?;
    let mut seen = ending(bundle);
    if let Some(limit) = bundle.limit {
        seen.push(Evidence::new("limit", limit));
    }
    seen.extend(bundle.threads.iter().take(8).map(thread));
    if found.kind == EndingKind::Timeout
        && let Some((class, confidence, because)) = waiting(bundle.threads)
    {
        seen.push(Evidence::new("threads", because));
        return Some(Verdict::new(class, confidence, seen));
    }
    if found.kind == EndingKind::Timeout
        && let Some(busy) = bundle.last_sample.and_then(busy_gpu)
    {
        seen.push(busy);
        seen.push(Evidence::new(
            "missing",
            "whether one kernel never ends or the work is only slow: the same with a longer limit, or cuda-gdb while it hangs",
        ));
        return Some(Verdict::new(Class::GpuHang, Confidence::Possible, seen));
    }
    let missing = match found.kind {
        EndingKind::Timeout if bundle.threads.is_empty() => {
            "what it was waiting for: no state of its threads was recorded"
        }
        EndingKind::Timeout => {
            "what it was waiting for: a stack of each thread, and whether the GPU was busy; whether it would have finished with a longer limit"
        }
        _ => "whether the limit was too small for this work, or the work grew without bound",
    };
    Some(unknown(seen, missing))
}

pub fn unkillable(bundle: &Bundle<'_>) -> Option<Verdict> {
    bundle
        .ending
        .filter(|ending| ending.kind == EndingKind::Unkillable)?;
    let mut seen = ending(bundle);
    seen.extend(bundle.threads.iter().take(8).map(thread));
    Some(unknown(
        seen,
        "which driver held it: the kernel log, and /proc/PID/stack read by root while it still hangs",
    ))
}

/// Somebody else saw that it did not go on.
pub fn seen(bundle: &Bundle<'_>) -> Option<Verdict> {
    let seconds = bundle.hang_seconds?;
    let mut seen = vec![Evidence::new(
        "ending",
        format!("it did not go on for {seconds:.0} s"),
    )];
    let waiting = bundle.sightings.first("deadlock");
    seen.extend(waiting.map(|it| it.evidence()));
    if waiting.is_some() {
        return Some(Verdict::new(
            Class::HostDeadlock,
            Confidence::Possible,
            seen,
        ));
    }
    seen.extend(bundle.sightings.iter().take(3).map(|it| it.evidence()));
    Some(unknown(
        seen,
        "what it was waiting for: a stack of each thread (py-spy dump, gdb), and whether the GPU was busy",
    ))
}

/// A GPU that has nothing to do between two kernels is below this.
const BUSY_PERCENT: u32 = 95;

/// The GPU that worked for this process, and did nothing else, up to the end.
fn busy_gpu(sample: &Sample) -> Option<Evidence> {
    let busy = sample.gpus.iter().find(|gpu| {
        gpu.worker_memory_bytes.is_some_and(|bytes| bytes > 0)
            && gpu.utilization_percent.is_some_and(|it| it >= BUSY_PERCENT)
    })?;
    Some(Evidence::new(
        "samples",
        format!(
            "GPU {} was busy for {} % of the time up to the last sample, with memory of this process in it",
            busy.index, busy.utilization_percent?
        ),
    ))
}

/// Calls in which a thread waits for something on this host, and for nothing else.
const LOCAL: [&str; 11] = [
    "futex",
    "nanosleep",
    "clock_nanosleep",
    "pause",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "wait4",
    "waitid",
    "flock",
    "fcntl",
    "sched_yield",
];
/// A thread that only waits uses no more than this of a processor.
const IDLE_PERCENT: u32 = 1;

/// What the threads say together. One that is in the kernel on behalf of a device, talks to
/// somebody elsewhere or works leaves it open.
fn waiting(threads: &[ThreadState]) -> Option<(Class, Confidence, &'static str)> {
    let all = |is: fn(&ThreadState) -> bool| !threads.is_empty() && threads.iter().all(is);
    if all(|it| matches!(it.state.as_str(), "T" | "t")) {
        return Some((
            Class::KilledFromOutside,
            Confidence::Possible,
            "every thread is stopped, as by SIGSTOP or a debugger",
        ));
    }
    if !all(|it| it.state == "S" && it.cpu_percent.is_some_and(|it| it <= IDLE_PERCENT)) {
        return None;
    }
    if all(|it| it.syscall.as_deref() == Some("futex")) {
        return Some((
            Class::HostDeadlock,
            Confidence::Likely,
            "every thread waits for a lock or for another thread, and none uses a processor",
        ));
    }
    all(waits_locally).then_some((
        Class::HostDeadlock,
        Confidence::Possible,
        "every thread waits for something on this host, and none uses a processor",
    ))
}

fn waits_locally(thread: &ThreadState) -> bool {
    let on_a_pipe = || {
        let file = thread.file.as_deref().unwrap_or_default();
        file.starts_with("pipe:") || file.starts_with("/dev/pts/") || file.starts_with("/dev/tty")
    };
    match thread.syscall.as_deref() {
        Some("read" | "write") => on_a_pipe(),
        Some(call) => LOCAL.contains(&call),
        None => false,
    }
}

fn thread(thread: &ThreadState) -> Evidence {
    let mut text = format!(
        "thread {} ({}) in state {}",
        thread.tid, thread.name, thread.state
    );
    if let Some(call) = &thread.syscall {
        text += &format!(", in {call}");
    }
    if let Some(file) = &thread.file {
        text += &format!(" on {file}");
    }
    if let Some(wchan) = &thread.wchan {
        text += &format!(", waiting in {wchan}");
    }
    if let Some(percent) = thread.cpu_percent.filter(|&it| it > IDLE_PERCENT) {
        text += &format!(", using {percent} % of a processor");
    }
    Evidence::new("threads", text)
}
