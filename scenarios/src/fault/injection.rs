//! Where and when a fault is to happen: `segfault@image=5,phase=decode`.

use std::fmt;
use std::str::FromStr;

use crashpoint_reports::Phase;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Fault;

/// A fault and the conditions that must all hold for it to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Injection {
    pub fault: Fault,
    /// Index in the run's list of images.
    pub image: Option<u32>,
    /// The n-th analysis within the worker.
    pub position: Option<u32>,
    pub phase: Phase,
    /// In decode: when so many tokens of the image exist.
    pub token: Option<u32>,
    /// The n-th attempt at a case.
    pub attempt: Option<u32>,
    /// No condition: what `exit` is to leave with.
    pub code: Option<u8>,
    /// No condition: `slow-drift` then makes every image so much slower, and no more with each.
    pub percent: Option<u32>,
}

/// Where a worker stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub phase: Phase,
    pub image: Option<u32>,
    pub position: Option<u32>,
    pub token: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InjectionError {
    #[error(transparent)]
    NoSuchFault(#[from] super::NoSuchFault),
    #[error(
        "{0:?} is no condition: use image=K, position=K, phase=NAME, token=N or attempt=N, separated by commas (and code=N for exit, percent=N for slow-drift)"
    )]
    NoSuchCondition(String),
    #[error("{value:?} is no number for {name}")]
    NotANumber { name: String, value: String },
    #[error(
        "there is no phase named {0:?} that a worker passes through; there are: load, warmup, preprocess, vision, prefill, decode, idle, teardown, run"
    )]
    NoSuchPhase(String),
    #[error("token=N needs phase=decode: no other phase makes tokens")]
    TokenOutsideDecode,
    #[error("code=N is for the fault exit: {0} ends in its own way")]
    CodeWithoutExit(Fault),
    #[error("percent=N is for the fault slow-drift, in phase=decode: {0} takes no time by itself")]
    PercentWithoutDrift(Fault),
}

impl Injection {
    /// Without any condition but the phase.
    pub fn in_phase(fault: Fault, phase: Phase) -> Injection {
        Injection {
            fault,
            image: None,
            position: None,
            phase,
            token: None,
            attempt: None,
            code: None,
            percent: None,
        }
    }

    pub fn strikes(&self, moment: &Moment) -> bool {
        let agrees = |wanted: Option<u32>, is: Option<u32>| wanted.is_none() || wanted == is;
        // Without a token the phase's start is meant, and no later token.
        self.phase == moment.phase
            && agrees(self.image, moment.image)
            && agrees(self.position, moment.position)
            && self.token == moment.token
    }

    pub fn wants_attempt(&self, n: u32) -> bool {
        self.attempt.is_none_or(|wanted| wanted == n)
    }
}

impl FromStr for Injection {
    type Err = InjectionError;

    fn from_str(text: &str) -> Result<Injection, InjectionError> {
        let (fault, conditions) = text.split_once('@').unwrap_or((text, ""));
        let mut injection = Injection::in_phase(fault.parse()?, Phase::Decode);
        for condition in conditions
            .split(',')
            .filter(|condition| !condition.is_empty())
        {
            let no_such = || InjectionError::NoSuchCondition(condition.to_owned());
            let (name, value) = condition.split_once('=').ok_or_else(no_such)?;
            let not_a_number = || InjectionError::NotANumber {
                name: name.to_owned(),
                value: value.to_owned(),
            };
            let number = || value.parse().map(Some).map_err(|_| not_a_number());
            match name {
                "image" => injection.image = number()?,
                "position" => injection.position = number()?,
                "token" => injection.token = number()?,
                "attempt" => injection.attempt = number()?,
                "percent" => injection.percent = number()?,
                "phase" => injection.phase = phase(value)?,
                "code" => injection.code = Some(value.parse().map_err(|_| not_a_number())?),
                _ => return Err(no_such()),
            }
        }
        if injection.token.is_some() && injection.phase != Phase::Decode {
            return Err(InjectionError::TokenOutsideDecode);
        }
        if injection.code.is_some() && injection.fault != Fault::Exit {
            return Err(InjectionError::CodeWithoutExit(injection.fault));
        }
        let slows = injection.fault == Fault::SlowDrift && injection.phase == Phase::Decode;
        if injection.percent.is_some() && !slows {
            return Err(InjectionError::PercentWithoutDrift(injection.fault));
        }
        Ok(injection)
    }
}

fn phase(name: &str) -> Result<Phase, InjectionError> {
    match Phase::from(name.to_owned()) {
        Phase::Start | Phase::Other(_) => Err(InjectionError::NoSuchPhase(name.to_owned())),
        phase => Ok(phase),
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: Option<u32>| value.map(|value| value.to_string());
        let conditions = [
            ("image", number(self.image)),
            ("position", number(self.position)),
            ("phase", Some(self.phase.to_string())),
            ("token", number(self.token)),
            ("attempt", number(self.attempt)),
            ("code", number(self.code.map(u32::from))),
            ("percent", number(self.percent)),
        ];
        write!(f, "{}", self.fault)?;
        let given = conditions
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        for (separator, (name, value)) in std::iter::once('@')
            .chain(std::iter::repeat(','))
            .zip(given)
        {
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Injection {
    type Error = InjectionError;

    fn try_from(text: String) -> Result<Injection, InjectionError> {
        text.parse()
    }
}

impl From<Injection> for String {
    fn from(injection: Injection) -> String {
        injection.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(phase: Phase, image: u32, position: u32) -> Moment {
        Moment {
            phase,
            image: Some(image),
            position: Some(position),
            token: None,
        }
    }

    #[test]
    fn all_conditions_must_hold() {
        let injection: Injection = "segfault@image=5,phase=decode".parse().unwrap();
        assert!(injection.strikes(&moment(Phase::Decode, 5, 1)));
        assert!(!injection.strikes(&moment(Phase::Decode, 4, 5)));
        assert!(!injection.strikes(&moment(Phase::Vision, 5, 1)));
        let fifth: Injection = "abort@position=5,phase=vision".parse().unwrap();
        assert!(fifth.strikes(&moment(Phase::Vision, 1, 5)));
    }

    #[test]
    fn it_reads_back_what_it_prints() {
        for text in [
            "hang@phase=load",
            "exit@image=2,phase=decode,token=7,attempt=1,code=9",
            "slow-drift@phase=decode,percent=10",
        ] {
            let injection: Injection = text.parse().unwrap();
            assert_eq!(injection.to_string(), text);
        }
    }

    #[test]
    fn nonsense_is_named() {
        for (text, part) in [
            ("explode", "explode"),
            ("segfault@picture=5", "picture"),
            ("segfault@image=five", "five"),
            ("segfault@phase=lunch", "lunch"),
            ("segfault@phase=vision,token=3", "decode"),
            ("segfault@code=3", "exit"),
            ("segfault@percent=3", "slow-drift"),
            ("exit@code=300", "300"),
        ] {
            let error = text.parse::<Injection>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
