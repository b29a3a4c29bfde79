//! Figures as they can be compared: one value for each attempt, as the logarithm of its ratio to what is
//! usual for the same work.
//!
//! Images in one process are not independent, so that an attempt is one value however many images it
//! had: the median over them, each against the same image in the same case.

use std::collections::BTreeMap;

use super::Sides;
use crate::report::{Attempt, Case, Report};
use crate::statistics::{Spread, lower_quartile};

/// What is measured of an attempt: pairs of what was done and what it took.
pub type Figure = fn(&Case, &Attempt) -> Vec<(String, f64)>;

/// The values of both sides, by blocks: machines change between runs, and within one less so.
#[derive(Debug, Default)]
pub struct Values {
    pub candidate: Vec<Block>,
    pub baseline: Vec<Block>,
    /// Whether a block is a run; otherwise it is the n-th attempts at every case within one.
    pub by_run: bool,
}

#[derive(Debug, Default)]
pub struct Block {
    pub values: Vec<f64>,
}

/// Noise is known from so many blocks on.
pub const FEWEST_BLOCKS: usize = 3;

impl Values {
    pub fn of(sides: &Sides<'_>, figure: Figure) -> Values {
        let usual = usual(sides, figure);
        let by_run = sides.baseline.len() >= FEWEST_BLOCKS;
        let blocks = |of: &[Report]| blocks(of, figure, &usual, by_run);
        Values {
            candidate: blocks(sides.candidate),
            baseline: blocks(sides.baseline),
            by_run,
        }
    }
}

impl Block {
    /// What the block came to when it was let alone: the lower quartile of its attempts, as whatever else
    /// the machine does only ever adds.
    pub fn undisturbed(&self) -> Option<f64> {
        lower_quartile(self.values.iter().copied())
    }
}

/// Of everything that was done on both sides; of both together, so that neither is the measure of the
/// other.
fn usual(sides: &Sides<'_>, figure: Figure) -> BTreeMap<String, f64> {
    let mut all: BTreeMap<String, [Vec<f64>; 2]> = BTreeMap::new();
    for (side, of) in [sides.candidate, sides.baseline].into_iter().enumerate() {
        for (case, attempt) in attempts(of) {
            for (what, value) in figure(case, attempt) {
                if let Some(values) = all.entry(what).or_default().get_mut(side) {
                    values.push(value);
                }
            }
        }
    }
    all.into_iter()
        .filter(|(_, [here, there])| !here.is_empty() && !there.is_empty())
        .filter_map(|(what, sides)| Some((what, Spread::of(sides.concat())?.median)))
        .filter(|(_, usual)| *usual > 0.0)
        .collect()
}

fn blocks(
    of: &[Report],
    figure: Figure,
    usual: &BTreeMap<String, f64>,
    by_run: bool,
) -> Vec<Block> {
    let mut blocks: BTreeMap<(usize, u32), Block> = BTreeMap::new();
    for (run, report) in of.iter().enumerate() {
        for (case, attempt) in attempts(std::slice::from_ref(report)) {
            let ratios = figure(case, attempt)
                .into_iter()
                .filter(|(_, value)| *value > 0.0)
                .filter_map(|(what, value)| Some((value / usual.get(&what)?).ln()));
            if let Some(spread) = Spread::of(ratios) {
                let pass = if by_run { 0 } else { attempt.n };
                blocks
                    .entry((run, pass))
                    .or_default()
                    .values
                    .push(spread.median);
            }
        }
    }
    blocks.into_values().collect()
}

fn attempts(of: &[Report]) -> impl Iterator<Item = (&Case, &Attempt)> {
    let cases = of.iter().flat_map(|report| &report.cases);
    cases
        .flat_map(|case| case.attempts.iter().map(move |attempt| (case, attempt)))
        .filter(|(_, attempt)| attempt.counts())
}
