//! What one check is about; makes its result.

use crashpoint_reports::checkup::{Check, State, Topic};

#[derive(Debug)]
pub(super) struct About {
    pub topic: Topic,
    pub name: &'static str,
    pub matters: &'static str,
}

impl About {
    pub fn good(&self, seen: impl Into<String>) -> Check {
        self.check(State::Good, seen.into(), &[])
    }

    pub fn doubtful(&self, seen: impl Into<String>, remedy: &[&str]) -> Check {
        self.check(State::Doubtful, seen.into(), remedy)
    }

    pub fn bad(&self, seen: impl Into<String>, remedy: &[&str]) -> Check {
        self.check(State::Bad, seen.into(), remedy)
    }

    pub fn not_readable(&self, seen: impl Into<String>, remedy: &[&str]) -> Check {
        self.check(State::NotReadable, seen.into(), remedy)
    }

    fn check(&self, state: State, seen: String, remedy: &[&str]) -> Check {
        Check {
            topic: self.topic,
            name: self.name.to_owned(),
            state,
            seen,
            matters: self.matters.to_owned(),
            remedy: remedy.iter().map(|&command| command.to_owned()).collect(),
        }
    }
}
