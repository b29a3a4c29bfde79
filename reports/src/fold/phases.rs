//! The phases of one attempt, as its markers and their ends tell them.

use super::clock::seconds;
use crate::event::{Marker, Progress};
use crate::phase::Phase;
use crate::protocol::{ImageAt, PhaseDone};
use crate::report::PhaseRecord;

#[derive(Debug, Default)]
pub struct Phases {
    all: Vec<Tracked>,
    /// Places in `all` of those without an end, in the order of their markers.
    open: Vec<usize>,
}

#[derive(Debug)]
struct Tracked {
    record: PhaseRecord,
    /// `None` where the supervisor set the marker.
    id: Option<u64>,
    started_us: u64,
    /// How far it came.
    inside: Option<Progress>,
    /// When it was last heard of: its marker, or how far it came.
    heard_us: u64,
}

/// What was under way.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWay {
    pub phase: Phase,
    pub image: Option<ImageAt>,
    pub inside: Option<Progress>,
    /// When it was last heard of; `None` where no marker says that it began.
    pub heard_us: Option<u64>,
}

impl Phases {
    /// `at_us` counts from the attempt's beginning, here and below.
    pub fn begin(&mut self, marker: Marker, at_us: u64) {
        self.end_those_of_the_supervisor(at_us);
        self.open.push(self.all.len());
        self.all.push(Tracked {
            record: PhaseRecord {
                phase: marker.phase,
                image: marker.image,
                start_seconds: seconds(at_us),
                seconds: None,
                memory: None,
            },
            id: marker.id,
            started_us: at_us,
            inside: None,
            heard_us: at_us,
        });
    }

    pub fn end(&mut self, done: &PhaseDone, at_us: u64) {
        let is_it = |&place: &usize| self.all.get(place).is_some_and(|it| it.id == Some(done.id));
        let Some(at) = self.open.iter().rposition(is_it) else {
            return;
        };
        let place = self.open.remove(at);
        if let Some(tracked) = self.all.get_mut(place) {
            let measured = at_us.saturating_sub(tracked.started_us);
            tracked.record.seconds = Some(seconds(done.elapsed_us.unwrap_or(measured)));
            tracked.record.memory = done.memory;
        }
    }

    /// Nobody reports the end of a phase that the supervisor began for the worker.
    pub fn end_those_of_the_supervisor(&mut self, at_us: u64) {
        let all = &mut self.all;
        self.open.retain(|&place| match all.get_mut(place) {
            Some(tracked) if tracked.id.is_none() => {
                let passed = at_us.saturating_sub(tracked.started_us);
                tracked.record.seconds = Some(seconds(passed));
                false
            }
            _ => true,
        });
    }

    /// Of every phase that is open, unless it says of which one.
    pub fn progress(&mut self, progress: Progress, at_us: u64) {
        let Some(marker) = progress.marker else {
            for &place in &self.open {
                if let Some(tracked) = self.all.get_mut(place) {
                    tracked.inside = Some(progress.clone());
                    tracked.heard_us = at_us;
                }
            }
            return;
        };
        // The page of a worker is read after its last message was: the phase may just have ended.
        let last = self.all.len().checked_sub(1);
        let places = self.open.iter().rev().copied().chain(last);
        for place in places {
            if let Some(tracked) = self.all.get_mut(place)
                && tracked.id == Some(marker)
            {
                tracked.inside = Some(progress);
                tracked.heard_us = at_us;
                return;
            }
        }
    }

    /// The last marker whose phase has no end. Between two phases it is `idle`, and after the work
    /// was reported done `teardown`: no marker says so there, but nothing else is left.
    pub fn under_way(&self, said_done: bool) -> UnderWay {
        let last_open = self.open.last().and_then(|&place| self.all.get(place));
        let unmarked = |phase, image| UnderWay {
            phase,
            image,
            inside: None,
            heard_us: None,
        };
        match last_open {
            Some(open) if open.id.is_some() || !said_done => UnderWay {
                phase: open.record.phase.clone(),
                image: open.record.image.clone(),
                inside: open.inside.clone(),
                heard_us: Some(open.heard_us),
            },
            _ if said_done => unmarked(Phase::Teardown, None),
            _ => match self.all.last() {
                // Where in the phase it was says nothing any more.
                Some(last) => UnderWay {
                    inside: last.inside.as_ref().map(|inside| Progress {
                        token: inside.token,
                        ..Progress::default()
                    }),
                    ..unmarked(Phase::Idle, last.record.image.clone())
                },
                None => unmarked(Phase::Start, None),
            },
        }
    }

    pub fn into_records(self) -> Vec<PhaseRecord> {
        self.all.into_iter().map(|it| it.record).collect()
    }
}
