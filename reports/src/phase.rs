//! A phase: the unit of a crash point.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a worker was doing. Foreign programs may name phases of their own.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Phase {
    /// From the spawn of the process to its first phase.
    Start,
    Load,
    /// One-off work before the first image: compilation of kernels, loading of libraries.
    Warmup,
    Preprocess,
    Vision,
    Prefill,
    Decode,
    /// Between images.
    Idle,
    Teardown,
    /// The only phase of a program that knows no phases.
    Run,
    Other(String),
}

impl Phase {
    /// Every phase that crashpoint itself knows, in the order in which a worker passes through them.
    pub const KNOWN: [Phase; 10] = [
        Phase::Start,
        Phase::Load,
        Phase::Warmup,
        Phase::Preprocess,
        Phase::Vision,
        Phase::Prefill,
        Phase::Decode,
        Phase::Idle,
        Phase::Teardown,
        Phase::Run,
    ];

    pub fn as_str(&self) -> &str {
        match self {
            Phase::Start => "start",
            Phase::Load => "load",
            Phase::Warmup => "warmup",
            Phase::Preprocess => "preprocess",
            Phase::Vision => "vision",
            Phase::Prefill => "prefill",
            Phase::Decode => "decode",
            Phase::Idle => "idle",
            Phase::Teardown => "teardown",
            Phase::Run => "run",
            Phase::Other(name) => name,
        }
    }
}

impl From<String> for Phase {
    fn from(name: String) -> Phase {
        Phase::KNOWN
            .into_iter()
            .find(|phase| phase.as_str() == name)
            .unwrap_or(Phase::Other(name))
    }
}

impl From<Phase> for String {
    fn from(phase: Phase) -> String {
        phase.as_str().to_owned()
    }
}

impl FromStr for Phase {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Phase, Infallible> {
        Ok(Phase::from(name.to_owned()))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_phase_survives_a_round_trip_through_its_name() {
        for phase in Phase::KNOWN {
            assert_eq!(Phase::from(phase.as_str().to_owned()), phase);
        }
        assert_eq!(
            Phase::from("rerank".to_owned()),
            Phase::Other("rerank".into())
        );
    }
}
