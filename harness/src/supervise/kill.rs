//! The ladder by which a worker is brought to its end: ask, insist, give up. Each step has a bound.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::keeper::ToKeeper;

/// Between SIGTERM and SIGKILL. Together with the rest it stays within the seven seconds that a
/// CI system leaves between its two signals.
const GRACE: Duration = Duration::from_secs(2);
/// After SIGKILL. A process that is stuck in a driver may never end.
const DYING: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It broke this limit of time.
    Timeout(String),
    Interrupted,
    /// The journal failed: what is not recorded must not go on. An interruption like another.
    NoRecord,
}

#[derive(Debug)]
enum Step {
    Asked,
    Killed,
    GivenUp,
}

#[derive(Debug)]
pub struct Kill {
    pub reason: Reason,
    step: Step,
    next: Instant,
}

impl Kill {
    /// The first step is taken at once.
    pub fn begin(reason: Reason, now: Instant) -> (Kill, ToKeeper) {
        let kill = Kill {
            reason,
            step: Step::Asked,
            next: now + GRACE,
        };
        (
            kill,
            ToKeeper::Signal {
                signal: Signal::SIGTERM as i32,
            },
        )
    }

    /// When to look again.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// The next order, if its time has come.
    pub fn advance(&mut self, now: Instant, insist: bool) -> Option<ToKeeper> {
        match self.step {
            Step::Asked if insist || now >= self.next => {
                self.step = Step::Killed;
                self.next = now + DYING;
                Some(ToKeeper::KillAll {})
            }
            Step::Killed if now >= self.next => {
                self.step = Step::GivenUp;
                None
            }
            _ => None,
        }
    }

    pub fn given_up(&self) -> bool {
        matches!(self.step, Step::GivenUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_comes_once_and_the_last_one_is_to_give_up() {
        let start = Instant::now();
        let (mut kill, first) = Kill::begin(Reason::Interrupted, start);
        assert_eq!(first, ToKeeper::Signal { signal: 15 });
        assert_eq!(kill.advance(start, false), None);
        assert_eq!(
            kill.advance(start + GRACE, false),
            Some(ToKeeper::KillAll {})
        );
        assert_eq!(kill.advance(start + GRACE, true), None);
        assert!(!kill.given_up());
        assert_eq!(kill.advance(start + GRACE + DYING, false), None);
        assert!(kill.given_up());
    }

    #[test]
    fn a_second_request_skips_the_grace() {
        let start = Instant::now();
        let (mut kill, _) = Kill::begin(Reason::Interrupted, start);
        assert_eq!(kill.advance(start, true), Some(ToKeeper::KillAll {}));
    }
}
