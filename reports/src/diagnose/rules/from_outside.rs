//! Somebody ended it. That it was SIGKILL says nothing about why.

use super::{Bundle, Evidence, ending, unknown};
use crate::ending::EndingKind;
use crate::signal::{SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM};
use crate::verdict::{Class, Confidence, Verdict};
use crate::words::percent;

pub fn interrupted(bundle: &Bundle<'_>) -> Option<Verdict> {
    bundle.ending.filter(|ending| ending.interrupted)?;
    Some(Verdict::new(
        Class::KilledFromOutside,
        Confidence::Certain,
        vec![Evidence::new(
            "ending",
            "crashpoint itself was asked to stop, and stopped it",
        )],
    ))
}

pub fn signal(bundle: &Bundle<'_>) -> Option<Verdict> {
    let found = bundle
        .ending
        .filter(|ending| ending.kind == EndingKind::Signal)?;
    let mut seen = ending(bundle);
    match found.signal? {
        SIGKILL => {
            if let Some(share) = bundle
                .extremes
                .and_then(|extremes| extremes.memory_available_min_share())
            {
                seen.push(Evidence::new(
                    "sample",
                    format!(
                        "at least {} of the host's memory was available",
                        percent(share)
                    ),
                ));
            }
            Some(unknown(
                seen,
                "who sent it: a line of the kernel's OOM killer with this pid, oom_kill in memory.events of the control group, the log of the service manager",
            ))
        }
        SIGHUP | SIGINT | SIGQUIT | SIGTERM => {
            seen.push(Evidence::new(
                "missing",
                "who sent it: the logs of the service manager, the scheduler or the orchestrator",
            ));
            Some(Verdict::new(
                Class::KilledFromOutside,
                Confidence::Possible,
                seen,
            ))
        }
        _ => None,
    }
}
