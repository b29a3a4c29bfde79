//! Where an attempt was at an instant, and what a finding says of it.

use crate::fold::attempt::Finished;
use crate::fold::clock::seconds;
use crate::knowledge::action;
use crate::phase::Phase;
use crate::report::Finding;
use crate::verdict::{Class, Confidence, Evidence, Verdict};

/// A verdict that lacks its evidence.
pub(super) struct Why {
    pub(super) source: &'static str,
    pub(super) class: Class,
    pub(super) confidence: Confidence,
    pub(super) action: &'static str,
}

pub(super) fn unclassed(source: &'static str, action: &'static str) -> Why {
    Why {
        source,
        class: Class::Unknown,
        confidence: Confidence::None,
        action,
    }
}

pub(super) fn classed(class: Class, confidence: Confidence) -> Why {
    Why {
        source: "nvml",
        class,
        confidence,
        action: action(class),
    }
}

/// Where an attempt was at an instant.
#[derive(Debug, Default)]
pub(super) struct Place {
    phase: Option<Phase>,
    image: Option<u32>,
    is_after: bool,
}

pub(super) fn place(finished: &Finished, at_us: u64) -> Place {
    let since = seconds(at_us.saturating_sub(finished.began_mono_us));
    let attempt = &finished.attempt;
    // The last marker before it, whether or not its phase was over.
    let begun = attempt
        .phases
        .iter()
        .rev()
        .find(|phase| phase.start_seconds <= since);
    Place {
        // Before its first marker an attempt is on its way to it.
        phase: Some(begun.map_or(Phase::Start, |phase| phase.phase.clone())),
        image: begun.and_then(|phase| Some(phase.image.as_ref()?.index)),
        is_after: since > attempt.seconds,
    }
}

impl Place {
    pub(super) fn words(&self) -> String {
        if self.is_after {
            return ", first seen after it had ended".to_owned();
        }
        match (&self.phase, self.image) {
            (Some(phase), Some(image)) => format!(", first seen in phase {phase} of image {image}"),
            (Some(phase), None) => format!(", first seen in phase {phase}"),
            (None, _) => String::new(),
        }
    }

    pub(super) fn finding(&self, finished: &Finished, what: String, why: Why) -> Finding {
        Finding {
            case: finished.case.clone(),
            attempt: finished.attempt.n,
            image: self.image.filter(|_| !self.is_after),
            verdict: Verdict {
                action: why.action.to_owned(),
                ..Verdict::new(
                    why.class,
                    why.confidence,
                    vec![Evidence::new(why.source, what.clone())],
                )
            },
            what,
        }
    }
}
