//! The machine went away under it.

use super::{Bundle, Evidence, ending};
use crate::ending::EndingKind;
use crate::verdict::{Class, Confidence, Verdict};

pub fn gone(bundle: &Bundle<'_>) -> Option<Verdict> {
    bundle
        .ending
        .filter(|ending| ending.kind == EndingKind::MachineGone)?;
    let mut seen = ending(bundle);
    if let Some(sleep) = bundle
        .sightings
        .any_of(&["suspend", "sleeping", "fact_suspended"])
    {
        seen.push(sleep.evidence());
        return Some(Verdict::new(
            Class::SystemSuspend,
            Confidence::Possible,
            seen,
        ));
    }
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
