//! One check over several cards: as bad as the worst of them, with what to do about each.

use crashpoint_reports::checkup::{Check, State};

use super::about::About;

#[derive(Debug, Default)]
pub(super) struct Worst {
    doubtful: bool,
    bad: bool,
    seen: Vec<String>,
    remedy: Vec<String>,
}

impl Worst {
    pub fn good(&mut self, seen: String) {
        self.seen.push(seen);
    }

    pub fn doubtful(&mut self, seen: String, remedy: &[&str]) {
        self.doubtful = true;
        self.add(seen, remedy);
    }

    pub fn bad(&mut self, seen: String, remedy: &[&str]) {
        self.bad = true;
        self.add(seen, remedy);
    }

    fn add(&mut self, seen: String, remedy: &[&str]) {
        self.seen.push(seen);
        for line in remedy {
            if !self.remedy.iter().any(|known| known == line) {
                self.remedy.push((*line).to_owned());
            }
        }
    }

    /// Of what says nothing, nothing is known.
    pub fn check_told(self, about: &About, untold: &str) -> Check {
        match self.seen.is_empty() {
            true => about.not_readable(untold, &[]),
            false => self.check(about, untold),
        }
    }

    /// `nothing` is what is said where there was nothing to judge.
    pub fn check(self, about: &About, nothing: &str) -> Check {
        let seen = match self.seen.is_empty() {
            true => nothing.to_owned(),
            false => self.seen.join("; "),
        };
        let remedy: Vec<&str> = self.remedy.iter().map(String::as_str).collect();
        let state = match (self.bad, self.doubtful) {
            (true, _) => State::Bad,
            (_, true) => State::Doubtful,
            _ => State::Good,
        };
        match state {
            State::Bad => about.bad(seen, &remedy),
            State::Doubtful => about.doubtful(seen, &remedy),
            _ => about.good(seen),
        }
    }
}
