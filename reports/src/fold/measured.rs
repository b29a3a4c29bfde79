//! The report's statistics, from its attempts.

mod drift;

use std::collections::HashMap;

use super::attempt::Finished;
use super::is_crash;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::report::{Attempt, Case, CaseStatistics, ImageRecord, MemorySlope, Statistics};
use crate::statistics::theil_sen;
use crate::statistics::{Proportion, Spread};

pub fn statistics(attempts: &[Finished]) -> Statistics {
    let counted: Vec<&Finished> = attempts
        .iter()
        .filter(|finished| finished.attempt.counts())
        .collect();
    let all: Vec<&Attempt> = counted.iter().map(|finished| &finished.attempt).collect();
    let mut by_case: Vec<(&str, Vec<&Attempt>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for finished in &counted {
        let name = finished.case.as_str();
        let place = *places.entry(name).or_insert_with(|| {
            by_case.push((name, Vec::new()));
            by_case.len() - 1
        });
        if let Some((_, of_case)) = by_case.get_mut(place) {
            of_case.push(&finished.attempt);
        }
    }
    Statistics {
        crash_rate: crash_rate(&all),
        image_seconds: Spread::of(image_seconds(&all)),
        tokens_per_second: Spread::of(tokens_per_second(&all)),
        load_seconds: Spread::of(load_seconds(&all)),
        by_case: by_case
            .iter()
            .filter_map(|(case, of_case)| {
                Some(CaseStatistics {
                    case: (*case).to_owned(),
                    crash_rate: crash_rate(of_case)?,
                    image_seconds: Spread::of(image_seconds(of_case)),
                    tokens_per_second: Spread::of(tokens_per_second(of_case)),
                    load_seconds: Spread::of(load_seconds(of_case)),
                    peak_rss_bytes: of_case.iter().filter_map(|it| it.peak_rss_bytes).max(),
                })
            })
            .collect(),
        memory_slope: memory_slope(&counted),
        time_slope: drift::time_slope(&counted),
    }
}

/// Puts the cases into the report's order.
pub fn order_like(statistics: &mut Statistics, cases: &[Case]) {
    let order: HashMap<&str, usize> = cases
        .iter()
        .enumerate()
        .map(|(place, case)| (case.name.as_str(), place))
        .collect();
    statistics
        .by_case
        .sort_by_key(|of_case| order.get(of_case.case.as_str()).copied());
}

/// Over attempts that ended: what nobody saw end is neither a crash nor a survival.
fn crash_rate(attempts: &[&Attempt]) -> Option<Proportion> {
    let ended = attempts
        .iter()
        .filter(|attempt| attempt.outcome != Outcome::Incomplete);
    let (mut crashes, mut n) = (0, 0);
    for attempt in ended {
        n += 1;
        crashes += u32::from(is_crash(attempt.outcome));
    }
    Proportion::of(crashes, n)
}

fn survived<'a>(attempts: &'a [&Attempt]) -> impl Iterator<Item = &'a ImageRecord> {
    attempts
        .iter()
        .flat_map(|attempt| &attempt.images)
        .filter(|image| image.outcome == Outcome::Survived)
}

fn image_seconds(attempts: &[&Attempt]) -> Vec<f64> {
    survived(attempts)
        .filter_map(|image| image.seconds)
        .collect()
}

fn tokens_per_second(attempts: &[&Attempt]) -> Vec<f64> {
    survived(attempts)
        .filter_map(|image| image.tokens_per_second)
        .collect()
}

fn load_seconds(attempts: &[&Attempt]) -> Vec<f64> {
    attempts
        .iter()
        .flat_map(|attempt| &attempt.phases)
        .filter(|phase| phase.phase == Phase::Load)
        .filter_map(|phase| phase.seconds)
        .collect()
}

/// Of the attempt with the most measured images; the first image is left out, as it pays for what
/// is allocated once.
fn memory_slope(attempts: &[&Finished]) -> Option<MemorySlope> {
    let (finished, points) = attempts
        .iter()
        .map(|finished| (finished, rss_by_position(&finished.attempt)))
        .rev()
        .max_by_key(|(_, points)| points.len())?;
    let slope = theil_sen::slope(&points)?;
    Some(MemorySlope {
        case: finished.case.clone(),
        attempt: finished.attempt.n,
        n: u32::try_from(slope.n).unwrap_or(u32::MAX),
        bytes_per_image: slope.per_x,
        median_rss_bytes: Spread::of(points.iter().map(|(_, bytes)| *bytes))
            .map_or(0, |spread| spread.median as u64),
    })
}

fn rss_by_position(attempt: &Attempt) -> Vec<(f64, f64)> {
    attempt
        .images
        .iter()
        .skip(1)
        .filter_map(|image| Some((f64::from(image.position), image.rss_bytes? as f64)))
        .collect()
}
