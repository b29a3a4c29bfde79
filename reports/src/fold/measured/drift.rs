//! Whether an image takes longer the more images came before it.

use std::collections::BTreeMap;

use super::super::attempt::Finished;
use crate::outcome::Outcome;
use crate::report::{Attempt, TimeSlope};
use crate::statistics::{Spread, theil_sen};

/// With fewer images chance alone draws lines.
const FEWEST: usize = 10;

/// Of the attempt with the most images that were analysed more than once.
pub fn time_slope(attempts: &[&Finished]) -> Option<TimeSlope> {
    let (finished, times) = attempts
        .iter()
        .map(|finished| (finished, repeated(&finished.attempt)))
        .rev()
        .max_by_key(|(_, times)| times.len())?;
    if times.len() < FEWEST {
        return None;
    }
    let slope = theil_sen::slope(&centred(&times))?;
    Some(TimeSlope {
        case: finished.case.clone(),
        attempt: finished.attempt.n,
        n: u32::try_from(times.len()).unwrap_or(u32::MAX),
        seconds_per_image: slope.per_x,
        median_seconds: Spread::of(times.iter().map(|time| time.seconds))
            .map_or(0.0, |spread| spread.median),
    })
}

struct Time {
    image: u32,
    position: f64,
    seconds: f64,
}

/// The first analysis of a worker is left out: it pays for what is done once.
fn repeated(attempt: &Attempt) -> Vec<Time> {
    let times: Vec<Time> = attempt
        .images
        .iter()
        .skip(1)
        .filter(|image| image.outcome == Outcome::Survived)
        .filter_map(|image| {
            Some(Time {
                image: image.index,
                position: f64::from(image.position),
                seconds: image.seconds?,
            })
        })
        .collect();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for time in &times {
        *counts.entry(time.image).or_default() += 1;
    }
    let again = |time: &Time| counts.get(&time.image).is_some_and(|&count| count > 1);
    times.into_iter().filter(again).collect()
}

/// Each image is compared with itself only: a folder whose later pages are larger is no drift.
fn centred(times: &[Time]) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    for time in times {
        let (n, position, seconds) = sums.entry(time.image).or_default();
        *n += 1.0;
        *position += time.position;
        *seconds += time.seconds;
    }
    times
        .iter()
        .filter_map(|time| {
            let (n, position, seconds) = sums.get(&time.image)?;
            Some((time.position - position / n, time.seconds - seconds / n))
        })
        .collect()
}
