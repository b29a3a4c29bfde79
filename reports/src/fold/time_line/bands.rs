//! The phases as bands. Those that are too short to be seen become one band with their neighbours,
//! so that there are only ever so many.

use crate::report::PhaseRecord;
use crate::time_line::Band;

/// One phase of one attempt, in the time of the run.
pub struct Piece<'a> {
    pub attempt: u32,
    pub record: &'a PhaseRecord,
    pub start: f64,
    pub end: f64,
}

/// Of the pieces in the order of time, at most so many bands.
pub fn bands(pieces: &[Piece<'_>], length: f64, most: usize) -> Vec<Band> {
    let pieces = || {
        let sound = |it: &&Piece<'_>| it.start.is_finite() && it.end.is_finite();
        pieces.iter().filter(sound)
    };
    // Nobody sees less than a thousandth of a picture.
    let mut shortest = (length / 1000.0).max(1e-6);
    let mut bands = merged(pieces(), shortest);
    // So often that a time of nearly nothing has grown to a length beyond any run's.
    for _ in 0..80 {
        if bands.len() <= most {
            break;
        }
        shortest *= 2.0;
        bands = merged(pieces(), shortest);
    }
    bands.truncate(most);
    bands
}

fn merged<'a>(pieces: impl Iterator<Item = &'a Piece<'a>>, shortest: f64) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    // Where the last band ends, if it may still grow.
    let mut grows: Option<f64> = None;
    for piece in pieces {
        let seconds = (piece.end - piece.start).max(0.0);
        let is_short = seconds < shortest;
        if is_short
            && let (Some(end), Some(last)) = (grows, bands.last_mut())
            && piece.start - end < shortest
        {
            let end = end.max(piece.end);
            last.seconds = end - last.start_seconds;
            if last.phase.as_ref() != Some(&piece.record.phase) {
                last.phase = None;
            }
            let image = piece.record.image.as_ref().map(|at| at.index);
            if last.image != image || last.attempt != piece.attempt {
                last.image = None;
            }
            last.phases = last.phases.saturating_add(1);
            grows = Some(end);
            continue;
        }
        bands.push(Band {
            attempt: piece.attempt,
            phase: Some(piece.record.phase.clone()),
            image: piece.record.image.as_ref().map(|at| at.index),
            phases: 1,
            start_seconds: piece.start,
            seconds,
        });
        grows = is_short.then_some(piece.end);
    }
    bands
}
