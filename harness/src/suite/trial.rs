//! What the suite tries: names, command lines, and what each must come to.

use crashpoint_reports::{Class, EndingKind};
use crashpoint_scenarios::fault::{Expectation, Fault, Needs};
use crashpoint_scenarios::ladder::{Ladder, SHIPPED};
use crashpoint_scenarios::model::Source;
use crashpoint_scenarios::model::tiny::Mistake;

use crate::exit_code;

/// The image and the phase in which a fault strikes, where it needs no other place.
pub const STRUCK_IMAGE: u32 = 5;
pub const STRUCK_PHASE: &str = "decode";
/// A hang reaches its limit, so the limit is short; a busy machine keeps it all the same.
const HANG_LIMIT: &str = "10s";
/// A service as its unit starts it: without the variables that the shell had in which it worked.
const SERVICE: [&str; 5] = [
    "/usr/bin/env",
    "-i",
    "/bin/sh",
    "-uc",
    r#"exec "$CONDA_PREFIX/bin/python" serve.py"#,
];

#[derive(Debug, Clone)]
pub struct Trial {
    /// As libtest shows and filters it: `fault::segfault`, `ladder::fifth`.
    pub name: String,
    /// The command line of `crashpoint`, without where and on what.
    pub words: Vec<String>,
    /// In place of a worker of ours.
    pub program: Option<Vec<String>>,
    pub expected: Expected,
}

#[derive(Debug, Clone)]
pub enum Expected {
    /// Every attempt survives, and nothing is found.
    Survives,
    Fault(Fault, Box<Expectation>),
    /// It is told apart from a crash, and what to do is said.
    Mistake {
        class: Class,
        suspect: &'static str,
        exit_code: u8,
    },
}

impl Trial {
    pub fn all() -> Vec<Trial> {
        let rungs = Ladder::parse(SHIPPED).and_then(|ladder| ladder.climb(None));
        let rungs = rungs.unwrap_or_default();
        let rungs = rungs.into_iter().map(|rung| Trial::rung(&rung.name));
        rungs
            .chain(Fault::ALL.iter().copied().map(Trial::fault))
            .chain(Trial::mistakes())
            .collect()
    }

    /// What people configure wrongly, and take for a crash.
    fn mistakes() -> [Trial; 4] {
        let run = |name: &str, option: [&str; 2], class, exit_code| Trial {
            name: format!("mistake::{name}"),
            words: ["run", "single", "--no-triage"]
                .iter()
                .chain(&option)
                .map(|&word| word.to_owned())
                .collect(),
            program: None,
            expected: Expected::Mistake {
                class,
                suspect: "configuration",
                exit_code,
            },
        };
        let model = |mistake: Mistake, class| {
            let model = Source::Mistaken(mistake).to_string();
            run(mistake.name(), ["--model", &model], class, exit_code::FOUND)
        };
        [
            model(Mistake::IntegerDtype, Class::ConfigDtype),
            model(Mistake::FlatPrompt, Class::ConfigPrompt),
            run(
                "budget-exceeded",
                ["--memory-cap", "1MB"],
                Class::ConfigMemoryPlan,
                exit_code::UNFIT,
            ),
            Trial {
                name: "mistake::missing-variables".to_owned(),
                words: vec!["exec".to_owned()],
                program: Some(SERVICE.map(str::to_owned).to_vec()),
                expected: Expected::Mistake {
                    class: Class::EnvironmentVariable,
                    suspect: "environment",
                    exit_code: exit_code::FOUND,
                },
            },
        ]
    }

    fn rung(name: &str) -> Trial {
        Trial {
            name: format!("ladder::{name}"),
            words: ["run", name, "--burn", "1s"].map(str::to_owned).to_vec(),
            program: None,
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
            program: None,
            expected: Expected::Fault(fault, Box::new(expected)),
        }
    }

    pub fn needs(&self) -> Option<Needs> {
        match &self.expected {
            Expected::Survives | Expected::Mistake { .. } => None,
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
