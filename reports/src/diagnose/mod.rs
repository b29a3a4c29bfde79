//! Why: from evidence to a verdict, and the differential of a whole run.
//!
//! A rule is a small function from the [`Bundle`] to a verdict or nothing. They stand in order of
//! precedence in [`rules`]; the first that answers decides.

mod bundle;
mod bystander;
pub mod case;
mod differential;
mod facts;
mod nvml;
mod rules;
mod scan;
pub mod shape;
mod sighting;
mod source;
mod traceback;

pub use crate::knowledge::action;
pub use bundle::Bundle;
pub use differential::{Run, differential};
pub use facts::{Fact, Scope, XidLine};
pub(crate) use nvml::{is_same_address, logged as logged_xids};
pub use scan::Scan;
pub use sighting::{Sighting, Sightings};
pub use source::Source;
pub use traceback::exception;

use crate::event::Settings;
use crate::fold::Finished;
use crate::outcome::Outcome;
use crate::verdict::{Class, Confidence, Evidence, Verdict};

/// The verdict on an attempt; `None` if it survived.
pub fn attempt(finished: &Finished, settings: Option<&Settings>) -> Option<Verdict> {
    (finished.attempt.outcome != Outcome::Survived).then(|| {
        let mut verdict = verdict(&Bundle::of(finished, settings));
        nvml::second(finished, &mut verdict);
        verdict
    })
}

/// The verdict on whatever evidence there is: `unknown` where no rule answers.
pub fn verdict(bundle: &Bundle<'_>) -> Verdict {
    let mut verdict = rules::RULES
        .iter()
        .find_map(|rule| rule(bundle))
        .unwrap_or_else(|| rules::undecided(bundle));
    let excluded = rules::ruled_out(bundle, &verdict);
    verdict.ruled_out.extend(excluded);
    // Whoever caused a fault on purpose has to see that in the record, and the class has to stand
    // without it: otherwise injected faults would test nothing.
    if let Some(fault) = bundle.inject {
        verdict.evidence.push(Evidence::new(
            "settings",
            format!("a fault was injected on purpose: {fault}"),
        ));
    }
    verdict
}

impl Verdict {
    /// With the class's own action, and nothing ruled out.
    pub fn new(class: Class, confidence: Confidence, evidence: Vec<Evidence>) -> Verdict {
        Verdict {
            class,
            confidence,
            evidence,
            ruled_out: Vec::new(),
            action: action(class).to_owned(),
        }
    }
}
