//! The machine went away under it, or whoever watched it did.

use super::{Bundle, Evidence, cause, ending};
use crate::ending::EndingKind;
use crate::recovery::{Recovery, RunEnding, SourceState};
use crate::verdict::{Class, Confidence, Verdict};

/// Of the sources that could not be read.
const MISSING: usize = 4;

/// Somebody found out what ended the run under it. A cause that the logs of its last minute name goes
/// deeper than the fact that the machine restarted.
pub fn recovered(bundle: &Bundle<'_>) -> Option<Verdict> {
    let recovery = bundle.recovery?;
    let ending = bundle.ending.map(|ending| ending.kind);
    if !matches!(
        ending,
        Some(EndingKind::MachineGone | EndingKind::Unreported)
    ) {
        return None;
    }
    if recovery.ended_by.is_of_machine()
        && !recovery.ended_by.is_somebodys_doing()
        && let Some(mut deeper) = cause::named(bundle)
        && (!is_a_restart(deeper.class) || recovery.ended_by == RunEnding::MachineReset)
    {
        deeper.evidence.extend(recovery.evidence.iter().cloned());
        return Some(deeper);
    }
    if recovery.ended_by == RunEnding::MachineReset
        && let Some(asleep) = asleep(bundle)
    {
        return Some(asleep);
    }
    Some(of_recovery(bundle, recovery))
}

fn of_recovery(bundle: &Bundle<'_>, recovery: &Recovery) -> Verdict {
    let mut evidence = ending(bundle);
    evidence.extend(recovery.evidence.iter().cloned());
    let unsure = matches!(recovery.class, Class::Unknown | Class::MachineReset);
    let unread = recovery
        .sources
        .iter()
        .filter(|it| unsure && it.state == SourceState::NotReadable);
    evidence.extend(unread.take(MISSING).map(|it| {
        let remedy = it.remedy.as_ref();
        let remedy = remedy.map_or_else(String::new, |remedy| format!("; {remedy}"));
        Evidence::new("missing", format!("{}: {}{remedy}", it.source, it.because))
    }));
    let confidence = match recovery.class {
        Class::Unknown => Confidence::None,
        _ => recovery.confidence,
    };
    Verdict::new(recovery.class, confidence, evidence)
}

/// What the recovery tells apart itself, with times that lines alone do not have.
pub fn is_a_restart(class: Class) -> bool {
    matches!(
        class,
        Class::MachineReset
            | Class::MachineResetHardwareError
            | Class::MachineResetWatchdog
            | Class::MachinePower
            | Class::ThermalShutdown
            | Class::KernelPanic
            | Class::PlannedReboot
    )
}

pub fn gone(bundle: &Bundle<'_>) -> Option<Verdict> {
    bundle
        .ending
        .filter(|ending| ending.kind == EndingKind::MachineGone)?;
    if let Some(asleep) = asleep(bundle) {
        return Some(asleep);
    }
    let mut seen = ending(bundle);
    seen.push(Evidence::new(
        "missing",
        "what the previous boot left behind: its kernel log, pstore, hardware error records, a shutdown record",
    ));
    Some(Verdict::new(
        Class::MachineReset,
        Confidence::Possible,
        seen,
    ))
}

fn asleep(bundle: &Bundle<'_>) -> Option<Verdict> {
    let sleep = bundle
        .sightings
        .any_of(&["suspend", "sleeping", "fact_suspended"])?;
    let mut seen = ending(bundle);
    seen.push(sleep.evidence());
    Some(Verdict::new(
        Class::SystemSuspend,
        Confidence::Possible,
        seen,
    ))
}
