//! The thread that speaks with the GPU's probe process. It waits as long as it takes for an answer;
//! that the answer is owed is what the samples say meanwhile.

use std::time::{Duration, Instant};

use crashpoint_reports::environment::GpuFacts;
use crashpoint_reports::gpu::GpuNews;

use super::schedule::Schedule;
use super::shared::Shared;
use crate::gpu::{Client, Command, Outcome, Question, Reply};

/// NVML's own averages of power and utilisation span about as long, and on some cards a reading costs
/// milliseconds.
const FASTEST: Duration = Duration::from_millis(100);

/// How soon a stop is heeded.
const SLICE: Duration = Duration::from_millis(50);

/// Counters are slow to read on some cards, and few of them ever change.
const COUNTERS: Duration = Duration::from_secs(5);
/// The same where a phase begins or ends.
const AT_A_BORDER: Duration = Duration::from_secs(1);

/// The end waits no longer for a last word.
const LAST_WORD: Duration = Duration::from_millis(300);

/// After a loss, doubled each time: a driver that resets a GPU needs seconds.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

pub(super) fn run(
    shared: &Shared,
    command: Command,
    schedule: Option<Schedule>,
    tell: impl FnMut(GpuNews),
) {
    let mut talk = Talk {
        shared,
        client: Client::new(command),
        pause: FIRST_PAUSE,
        counted: None,
        tell,
    };
    let Some(facts) = talk.facts() else { return };
    shared.change(|state| state.gpu.facts = Some(Ok(facts)));
    let Some(schedule) = schedule else { return };
    talk.read_on(schedule.no_faster_than(FASTEST));
    talk.last_word();
}

struct Talk<'a, Tell> {
    shared: &'a Shared,
    client: Client,
    pause: Duration,
    /// When the counters were asked for last.
    counted: Option<Instant>,
    tell: Tell,
}

impl<Tell: FnMut(GpuNews)> Talk<'_, Tell> {
    fn facts(&mut self) -> Option<GpuFacts> {
        loop {
            if let Reply::Facts(facts) = self.answer_to(Question::Facts {})? {
                return Some(facts);
            }
            self.rest()?;
        }
    }

    fn read_on(&mut self, mut schedule: Schedule) {
        while self.shared.sleep_until(schedule.due()) {
            let counters = self.counters_are_due();
            let worker_pid = self.shared.look(|state| state.watch.pid);
            let question = Question::Read {
                worker_pid,
                counters,
            };
            let went_on = match self.answer_to(question) {
                Some(Reply::Read(gpus)) => {
                    self.shared
                        .look(|state| state.gpu.read = Some((Instant::now(), gpus)));
                    Some(())
                }
                Some(_) => self.rest(),
                None => None,
            };
            if went_on.is_none() {
                return;
            }
            schedule.advance(Instant::now());
        }
    }

    fn counters_are_due(&mut self) -> bool {
        let age = self.counted.map(|counted| counted.elapsed());
        let due = self.shared.look(|state| {
            let wait = if state.gpu.border {
                AT_A_BORDER
            } else {
                COUNTERS
            };
            let due = age.is_none_or(|age| age >= wait);
            state.gpu.border &= !due;
            due
        });
        if due {
            self.counted = Some(Instant::now());
        }
        due
    }

    /// An Xid of the last moment, and how the counters stand at the end. One that owes an answer has
    /// none to give.
    fn last_word(&mut self) {
        if self.client.waiting_since().is_none() {
            let question = Question::Read {
                worker_pid: None,
                counters: true,
            };
            self.client.ask(question, LAST_WORD);
        }
        self.tell();
    }

    fn tell(&mut self) {
        self.client.news().into_iter().for_each(&mut self.tell);
    }

    /// `None` if it is time to end, or if there is nobody left to ask.
    fn answer_to(&mut self, question: Question) -> Option<Reply> {
        self.shared.look(|state| {
            state.gpu.owed_since.get_or_insert_with(Instant::now);
        });
        loop {
            let outcome = match self.client.begin(question) {
                Ok(()) => self.wait(),
                Err(outcome) => outcome,
            };
            match outcome {
                Outcome::Reply(reply) => {
                    self.shared.look(|state| state.gpu.owed_since = None);
                    self.tell();
                    return Some(reply);
                }
                // Only when it is time to end.
                Outcome::Silent => return None,
                Outcome::Ended { .. } => self.rest()?,
                Outcome::Absent { because } => {
                    self.shared.change(|state| {
                        // A probe that has answered before is not absent but lost: an answer stays owed.
                        if state.gpu.facts.is_none() {
                            state.gpu.owed_since = None;
                        }
                        state.gpu.facts = Some(Err(because));
                    });
                    return None;
                }
            }
        }
    }

    fn wait(&mut self) -> Outcome {
        loop {
            let outcome = self.client.wait(SLICE);
            if outcome != Outcome::Silent || self.shared.look(|state| state.stop) {
                return outcome;
            }
        }
    }

    /// `None` if it is time to end.
    fn rest(&mut self) -> Option<()> {
        let pause = self.pause;
        self.pause = 2 * pause;
        self.shared
            .sleep_until(Instant::now() + pause)
            .then_some(())
    }
}
