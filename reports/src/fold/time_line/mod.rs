//! The time line while samples come in, and what it comes to. What is kept of them does not grow.

mod bands;
mod lanes;
mod recent;
mod whole;

use super::attempt::Finished;
use super::clock::{Instant, seconds};
use crate::sample::Sample;
use crate::time_line::{CloseUp, Mark, Readings, Span, TimeLine, VERSION};
use bands::{Piece, bands};
use recent::{LOOKS_BACK_US, Recent};
use whole::Whole;

const MOST_BANDS: usize = 600;
const MOST_ATTEMPTS: usize = 300;
const MOST_MARKS: usize = 100;
const MOST_CLOSE_UPS: usize = 8;
const MOST_BANDS_OF_A_CLOSE_UP: usize = 80;

#[derive(Debug, Default)]
pub struct Watch {
    whole: Whole,
    recent: Recent,
    /// Attempts that ended badly, and when: seen whole once a later sample comes.
    waiting: Vec<(u32, u64)>,
    seen: Vec<(u32, u64, Readings)>,
}

impl Watch {
    /// `now` is the instant of the record that carries the sample.
    pub fn sample(&mut self, sample: &Sample, now: Instant) {
        let before = now.mono_us.saturating_sub(sample.mono_us);
        let at_us = now.at_us.saturating_sub(before);
        if self.waiting.iter().any(|(_, ended_us)| at_us > *ended_us) {
            self.look();
        }
        self.whole.see(at_us, sample);
        self.recent.see(at_us, sample);
    }

    /// An attempt ended badly. Samples that were taken before may still come.
    pub fn ended_badly(&mut self, attempt: u32, at_us: u64) {
        let known = |known: u32| known == attempt;
        let is_known = self.waiting.iter().any(|(it, _)| known(*it))
            || self.seen.iter().any(|(it, ..)| known(*it));
        if !is_known && self.waiting.len() + self.seen.len() < MOST_CLOSE_UPS {
            self.waiting.push((attempt, at_us));
        }
    }

    fn look(&mut self) {
        for (attempt, ended_us) in std::mem::take(&mut self.waiting) {
            let readings = self.recent.readings(ended_us);
            self.seen.push((attempt, ended_us, readings));
        }
    }

    /// `None` of a run in which nothing was tried. `now_us` is the time of the last record.
    pub fn finish(mut self, attempts: &[Finished], now_us: u64) -> Option<TimeLine> {
        self.look();
        let pieces: Vec<Piece<'_>> = attempts.iter().flat_map(pieces).collect();
        let length = seconds(now_us);
        let crashed: Vec<&Finished> = attempts
            .iter()
            .filter(|it| it.attempt.counts() && !it.attempt.ending.interrupted)
            .filter(|it| it.attempt.crash_point.is_some())
            .collect();
        let close_ups = self
            .seen
            .into_iter()
            .filter_map(|(number, ended_us, seen)| {
                let of = crashed.iter().find(|it| it.attempt.number == number)?;
                Some(close_up(of, ended_us, seen, &pieces))
            });
        let close_ups = close_ups.collect();
        (!attempts.is_empty()).then(|| TimeLine {
            version: VERSION,
            readings: self.whole.readings(),
            attempts: attempts.iter().take(MOST_ATTEMPTS).map(span).collect(),
            attempts_left_out: attempts.len().saturating_sub(MOST_ATTEMPTS) as u64,
            bands: bands(&pieces, length, MOST_BANDS),
            crash_points: crashed.iter().take(MOST_MARKS).map(|it| mark(it)).collect(),
            crash_points_left_out: crashed.len().saturating_sub(MOST_MARKS) as u64,
            close_ups,
        })
    }
}

fn span(finished: &Finished) -> Span {
    Span {
        attempt: finished.attempt.number,
        case: finished.case.clone(),
        outcome: finished.attempt.outcome,
        start_seconds: seconds(finished.began_us),
        seconds: finished.attempt.seconds,
    }
}

fn mark(finished: &Finished) -> Mark {
    Mark {
        attempt: finished.attempt.number,
        place: place(finished),
        seconds: seconds(finished.began_us) + finished.attempt.seconds,
    }
}

fn place(finished: &Finished) -> String {
    let point = finished.attempt.crash_point.as_ref();
    point.map_or_else(String::new, |point| point.place())
}

/// The phases of an attempt; one that never ended lasts as long as the attempt.
fn pieces(finished: &Finished) -> impl Iterator<Item = Piece<'_>> {
    let began = seconds(finished.began_us);
    let lasted = finished.attempt.seconds;
    finished.attempt.phases.iter().map(move |record| {
        let left = (lasted - record.start_seconds).max(0.0);
        let start = began + record.start_seconds;
        Piece {
            attempt: finished.attempt.number,
            record,
            start,
            end: start + record.seconds.unwrap_or(left),
        }
    })
}

fn close_up(of: &Finished, ended_us: u64, readings: Readings, pieces: &[Piece<'_>]) -> CloseUp {
    let start_us = ended_us.saturating_sub(LOOKS_BACK_US);
    let (start, end) = (seconds(start_us), seconds(ended_us));
    let within: Vec<Piece<'_>> = pieces
        .iter()
        .filter(|piece| piece.end > start && piece.start <= end)
        .map(|piece| Piece {
            start: piece.start.max(start),
            end: piece.end.min(end),
            ..*piece
        })
        .collect();
    CloseUp {
        attempt: of.attempt.number,
        place: place(of),
        start_seconds: start,
        end_seconds: end,
        readings,
        bands: bands(&within, end - start, MOST_BANDS_OF_A_CLOSE_UP),
    }
}
