//! Crashpoint had to end it, or could not.

use super::{Bundle, Evidence, ending, unknown};
use crate::ending::EndingKind;
use crate::event::ThreadState;
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

fn thread(thread: &ThreadState) -> Evidence {
    let mut text = format!(
        "thread {} ({}) in state {}",
        thread.tid, thread.name, thread.state
    );
    if let Some(wchan) = &thread.wchan {
        text += &format!(", waiting in {wchan}");
    }
    Evidence::new("threads", text)
}
