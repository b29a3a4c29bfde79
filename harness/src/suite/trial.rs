//! What the suite tries: names, command lines, and what each must come to.

use crashpoint_reports::EndingKind;
use crashpoint_scenarios::fault::{Expectation, Fault, Needs};
use crashpoint_scenarios::ladder::{Ladder, SHIPPED};

/// The image and the phase in which a fault strikes, where it needs no other place.
pub const STRUCK_IMAGE: u32 = 5;
pub const STRUCK_PHASE: &str = "decode";
/// A hang reaches its limit, so the limit is short; a busy machine keeps it all the same.
const HANG_LIMIT: &str = "10s";

#[derive(Debug, Clone)]
pub struct Trial {
    /// As libtest shows and filters it: `fault::segfault`, `ladder::fifth`.
    pub name: String,
    /// The command line of `crashpoint`, without where and on what.
    pub words: Vec<String>,
    pub expected: Expected,
}

#[derive(Debug, Clone)]
pub enum Expected {
    /// Every attempt survives, and nothing is found.
    Survives,
    Fault(Fault, Box<Expectation>),
}

impl Trial {
    pub fn all() -> Vec<Trial> {
        let rungs = Ladder::parse(SHIPPED).and_then(|ladder| ladder.climb(None));
        let rungs = rungs.unwrap_or_default();
        let rungs = rungs.into_iter().map(|rung| Trial::rung(&rung.name));
        rungs
            .chain(Fault::ALL.iter().copied().map(Trial::fault))
            .collect()
    }

    fn rung(name: &str) -> Trial {
        Trial {
            name: format!("ladder::{name}"),
            words: ["run", name, "--burn", "1s"].map(str::to_owned).to_vec(),
            expected: Expected::Survives,
        }
    }

    fn fault(fault: Fault) -> Trial {
        let expected = fault.expectation();
        let (rung, conditions) = expected.needs.rung.map_or_else(
            || {
                (
                    "fifth",
                    format!("image={STRUCK_IMAGE},phase={STRUCK_PHASE}"),
                )
            },
            |(rung, conditions)| (rung, conditions.to_owned()),
        );
        let inject = format!("{fault}@{conditions}");
        let mut words = ["run", rung, "--no-triage", "--inject", &inject]
            .map(str::to_owned)
            .to_vec();
        if expected.kind == EndingKind::Timeout {
            words.extend(["--timeout-image", HANG_LIMIT].map(str::to_owned));
        }
        Trial {
            name: format!("fault::{fault}"),
            words,
            expected: Expected::Fault(fault, Box::new(expected)),
        }
    }

    pub fn needs(&self) -> Option<Needs> {
        match &self.expected {
            Expected::Survives => None,
            Expected::Fault(_, expected) => Some(expected.needs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rung_and_every_fault_is_tried_once() {
        let trials = Trial::all();
        let names: std::collections::BTreeSet<&str> =
            trials.iter().map(|trial| trial.name.as_str()).collect();
        assert_eq!(names.len(), trials.len());
        assert!(names.contains("ladder::each-alone"));
        let faults = names.iter().filter(|name| name.starts_with("fault::"));
        assert_eq!(faults.count(), Fault::ALL.len());
    }
}
