//! What a run that is to go on has already done: read from its journal, in the order of the plan.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::ending::{Ending, EndingKind};
use crate::event::{Event, Header, Plan, Purpose, Record};
use crate::outcome::Outcome;
use crate::report::Report;

/// What became of one turn of a case: as often as the plan has cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// It was tried, and came to an end.
    Over(Outcome),
    /// It was not tried, and the journal says why.
    Skipped,
    /// Whoever watched it went away in the middle of it, so many times.
    Cut { times: u32 },
    /// It did so in an earlier turn, and was not tried again.
    Quarantined,
    /// It has not begun.
    ToCome,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Began(u32),
    Skipped,
}

#[derive(Debug, Default)]
pub struct Past {
    /// Of the first segment: how the run was started.
    pub header: Option<Header>,
    pub plan: Option<Plan>,
    /// The highest number that an attempt has.
    pub attempts: u32,
    /// The run came to its own end, if only because somebody interrupted it,
    pub complete: bool,
    /// and somebody did.
    pub interrupted: bool,
    /// Restarts of the machine between the processes that wrote the journal.
    pub resets: u32,
    /// In which it was written last.
    pub boot_id: Option<String>,
    /// How often each case was tried, whatever for.
    tried: HashMap<String, u32>,
    marks: HashMap<String, VecDeque<Mark>>,
    purposes: HashMap<u32, (String, Purpose)>,
    ended: HashSet<u32>,
    outcomes: HashMap<u32, (Outcome, f64)>,
    quarantined: HashSet<String>,
    triage_ended: HashSet<String>,
}

impl Past {
    /// Takes the next record; they come in the order of the journal.
    pub fn push(&mut self, record: &Record) {
        self.complete = false;
        match &record.event {
            Event::Header(header) => {
                let restarted = self.boot_id.as_ref();
                if restarted.is_some_and(|boot| *boot != header.boot_id) {
                    self.resets = self.resets.saturating_add(1);
                }
                self.boot_id = Some(header.boot_id.clone());
                self.header.get_or_insert_with(|| header.clone());
            }
            Event::Plan(plan) => {
                self.plan.get_or_insert_with(|| plan.clone());
            }
            Event::AttemptStart(start) => {
                self.attempts = self.attempts.max(start.attempt);
                let tried = self.tried.entry(start.case.clone()).or_default();
                *tried = start.n.max(*tried);
                let purpose = (start.case.clone(), start.purpose);
                self.purposes.insert(start.attempt, purpose);
                if start.purpose.is_planned() && !start.diagnostic {
                    self.mark(&start.case, Mark::Began(start.attempt));
                }
            }
            Event::Ended(ended) => self.end(ended.attempt, &ended.ending),
            Event::AttemptEnd(end) => self.end(end.attempt, &end.ending),
            Event::Skipped { case, .. } => self.mark(case, Mark::Skipped),
            Event::TriageEnd { case, .. } => {
                self.triage_ended.insert(case.clone());
            }
            Event::Interrupted { .. } => {
                self.interrupted = true;
                // What was left out because of it is to come.
                for marks in self.marks.values_mut() {
                    while marks.back() == Some(&Mark::Skipped) {
                        marks.pop_back();
                    }
                }
            }
            Event::RunEnd {} => self.complete = true,
            _ => {}
        }
    }

    fn end(&mut self, attempt: u32, ending: &Ending) {
        // That was found out later: nobody saw it end.
        if ending.kind != EndingKind::MachineGone {
            self.ended.insert(attempt);
        }
    }

    fn mark(&mut self, case: &str, mark: Mark) {
        self.marks
            .entry(case.to_owned())
            .or_default()
            .push_back(mark);
    }

    /// Takes the outcomes from the report of the same journal.
    pub fn judge(&mut self, report: &Report) {
        for attempt in report.cases.iter().flat_map(|case| &case.attempts) {
            if self.ended.contains(&attempt.number) && !attempt.ending.interrupted {
                let judged = (attempt.outcome, attempt.seconds);
                self.outcomes.insert(attempt.number, judged);
            }
        }
    }

    pub fn tried(&self, case: &str) -> u32 {
        self.tried.get(case).copied().unwrap_or(0)
    }

    /// The next turn of this case; ask in the order of the plan.
    pub fn turn(&mut self, case: &str) -> Turn {
        let mut times = 0;
        loop {
            let mark = self.marks.get_mut(case).and_then(VecDeque::pop_front);
            match mark {
                Some(Mark::Began(attempt)) => match self.outcomes.get(&attempt) {
                    Some(&(outcome, _)) => return Turn::Over(outcome),
                    // Whoever interrupts an attempt has nothing against it.
                    None if self.ended.contains(&attempt) => {}
                    None => times += 1,
                },
                Some(Mark::Skipped) => {
                    if times > 0 {
                        self.quarantined.insert(case.to_owned());
                    }
                    return Turn::Skipped;
                }
                None if times > 0 => return Turn::Cut { times },
                None if self.quarantined.contains(case) => return Turn::Quarantined,
                None => return Turn::ToCome,
            }
        }
    }

    /// A case that is not tried again in later turns either.
    pub fn quarantine(&mut self, case: &str) {
        self.quarantined.insert(case.to_owned());
    }

    /// The same for a case that goes by time, in as many attempts as that takes: they are one turn,
    /// until they have filled `seconds` or one of them did not survive and `keep_going` is not set.
    /// Returns how many seconds are filled.
    pub fn turn_by_time(&mut self, case: &str, seconds: f64, keep_going: bool) -> (Turn, f64) {
        let mut filled = 0.0;
        loop {
            let first = self.marks.get(case).and_then(VecDeque::front).copied();
            let lasted = match first {
                Some(Mark::Began(attempt)) => {
                    self.outcomes.get(&attempt).map(|&(_, lasted)| lasted)
                }
                _ => None,
            };
            match self.turn(case) {
                Turn::Over(outcome) => {
                    filled += lasted.unwrap_or(0.0);
                    let stops = outcome != Outcome::Survived && !keep_going;
                    if filled >= seconds || stops || outcome == Outcome::Incomplete {
                        return (Turn::Over(outcome), filled);
                    }
                }
                turn => return (turn, filled),
            }
        }
    }

    /// The cases at which no triage is to begin or to go on, each with the reason that the journal
    /// is to be given if it has none yet.
    pub fn without_triage(&self) -> HashMap<String, Option<String>> {
        let over = self.triage_ended.iter().map(|case| (case.clone(), None));
        let because = "the supervisor or the machine went away during an attempt at it: it is not tried again by itself";
        let cut = self
            .purposes
            .iter()
            .filter(|(attempt, _)| !self.ended.contains(attempt))
            .map(|(_, (case, _))| (case.clone(), Some(because.to_owned())));
        // What the journal has said already comes last, and stays.
        cut.chain(over).collect()
    }
}
