//! Whether one group of values lies above another, without a word about how they are distributed
//! (Mann and Whitney), and by how much (Hodges and Lehmann).
//!
//! Few values are tested exactly, by all ways of dealing their ranks, so that ties do no harm; many by
//! the normal distribution with the ties' correction.

use statrs::distribution::{ContinuousCDF, Normal};

/// Up to so many values in both groups the test is exact.
const EXACT: usize = 50;
/// Differences grow with the product: beyond this, evenly spread values stand for all of a group.
const MOST: usize = 400;

/// What two groups differ by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The median of all differences.
    pub estimate: f64,
    /// One-sided bounds: the difference is above, or below, this with the asked-for confidence.
    pub low: f64,
    pub high: f64,
    /// How likely such ranks or higher ones are if nothing differs.
    pub p_above: f64,
}

/// How far `these` lie above `those`. `None` if either is empty.
pub fn shift(these: &[f64], those: &[f64], confidence: f64) -> Option<Shift> {
    let (these, those) = (thinned(these), thinned(those));
    let mut differences: Vec<f64> = these
        .iter()
        .flat_map(|this| those.iter().map(move |that| this - that))
        .collect();
    if differences.is_empty() {
        return None;
    }
    differences.sort_by(f64::total_cmp);
    let pairs = differences.len();
    let nth = |at: usize| differences.get(at.min(pairs - 1)).copied();
    // With too few values for the confidence no difference bounds it.
    let (low, high) = match outside(these.len(), those.len(), 1.0 - confidence) {
        Some(outside) => (nth(outside)?, nth(pairs - 1 - outside)?),
        None => (f64::NEG_INFINITY, f64::INFINITY),
    };
    Some(Shift {
        estimate: (nth((pairs - 1) / 2)? + nth(pairs / 2)?) / 2.0,
        low,
        high,
        p_above: p_above(&these, &those),
    })
}

/// The smallest `p_above` that so many values can have.
pub fn least_p(these: usize, those: usize) -> f64 {
    (1..=these).fold(1.0, |p, k| p * k as f64 / (those + k) as f64)
}

fn thinned(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n <= MOST {
        return sorted;
    }
    (0..MOST)
        .filter_map(|k| sorted.get(k * (n - 1) / (MOST - 1)).copied())
        .collect()
}

fn p_above(these: &[f64], those: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = these.iter().map(|&it| (it, true)).collect();
    all.extend(those.iter().map(|&it| (it, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the mean rank, so that it is whole where values are tied.
    let mut doubled: Vec<usize> = Vec::with_capacity(all.len());
    let mut ties = 0.0;
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let before = doubled.len();
        let t = tied.len() as f64;
        ties += t * t * t - t;
        doubled.extend(std::iter::repeat_n(2 * before + tied.len() + 1, tied.len()));
    }
    let sum: usize = all
        .iter()
        .zip(&doubled)
        .filter_map(|((_, is_this), rank)| is_this.then_some(*rank))
        .sum();
    if all.len() <= EXACT {
        exact(&doubled, these.len(), sum)
    } else {
        normal(these.len(), those.len(), sum as f64 / 2.0, ties)
    }
}

/// The share of all ways to deal `of` ranks whose sum is at least `sum`.
fn exact(doubled: &[usize], of: usize, sum: usize) -> f64 {
    let ways = ways(doubled, of);
    let all: f64 = ways.iter().sum();
    ways.iter().skip(sum).sum::<f64>() / all
}

/// In how many ways `of` of the ranks have each sum.
fn ways(doubled: &[usize], of: usize) -> Vec<f64> {
    let whole: usize = doubled.iter().sum();
    // ways[k][s]: to choose k of the ranks seen so far with the sum s.
    let mut ways = vec![vec![0.0_f64; whole + 1]; of + 1];
    if let Some(none) = ways.first_mut().and_then(|row| row.first_mut()) {
        *none = 1.0;
    }
    for &rank in doubled {
        for k in (1..=of).rev() {
            let (before, from) = ways.split_at_mut(k);
            let (Some(fewer), Some(row)) = (before.last(), from.first_mut()) else {
                continue;
            };
            for (to, more) in row.iter_mut().skip(rank).zip(fewer) {
                *to += more;
            }
        }
    }
    ways.pop().unwrap_or_default()
}

fn normal(these: usize, those: usize, sum: f64, ties: f64) -> f64 {
    let (m, n) = (these as f64, those as f64);
    let all = m + n;
    let mean = m * (all + 1.0) / 2.0;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (sum - mean - 0.5) / variance.sqrt();
    Normal::standard().sf(z)
}

/// How many of the differences lie beyond a bound that is wrong in at most `alpha` of all cases.
fn outside(these: usize, those: usize, alpha: f64) -> Option<usize> {
    if these + those > EXACT {
        let (m, n) = (these as f64, those as f64);
        let spread = (m * n * (m + n + 1.0) / 12.0).sqrt();
        let z = Normal::standard().inverse_cdf(1.0 - alpha);
        let outside = (m * n / 2.0 - z * spread - 0.5).floor();
        return (outside >= 0.0).then_some(outside as usize);
    }
    let ranks: Vec<usize> = (1..=these + those).map(|rank| 2 * rank).collect();
    let ways = ways(&ranks, these);
    let all: f64 = ways.iter().sum();
    // The smallest sum of ranks, doubled, is U = 0; each step of U is one rank.
    let sums = ways.iter().skip(these * (these + 1)).step_by(2);
    let mut tail = 0.0;
    sums.take_while(|ways| {
        tail += **ways / all;
        tail <= alpha
    })
    .count()
    .checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn few_values_are_counted_by_hand() {
        // Of the ten ways to deal ranks 1 to 5, one gives 4 and 5.
        let apart = shift(&[8.0, 9.0], &[1.0, 2.0, 3.0], 0.95).unwrap();
        close(apart.p_above, 0.1);
        close(apart.estimate, 6.5);
        close(least_p(2, 3), 0.1);
        close(least_p(5, 5), 1.0 / 252.0);
        // Ties: ranks 1, 2.5, 2.5, 4; a sum of 6.5 or more comes in two of six ways.
        close(
            shift(&[2.0, 3.0], &[1.0, 2.0], 0.9).unwrap().p_above,
            2.0 / 6.0,
        );
    }

    #[test]
    fn values_that_are_all_the_same_prove_nothing() {
        let same = shift(&[4.0; 6], &[4.0; 7], 0.95).unwrap();
        close(same.p_above, 1.0);
        assert_eq!((same.low, same.estimate, same.high), (0.0, 0.0, 0.0));
        close(shift(&[4.0; 60], &[4.0; 70], 0.95).unwrap().p_above, 1.0);
    }

    #[test]
    fn the_bounds_are_those_of_the_published_table() {
        // For 5 and 5 values one-sided 5 % leaves U <= 4: the fifth difference from either end.
        let these = [1.1, 2.3, 3.7, 5.2, 8.9];
        let those = [0.2, 0.7, 1.9, 2.6, 4.4];
        let mut differences: Vec<f64> = these
            .iter()
            .flat_map(|this| those.iter().map(move |that| this - that))
            .collect();
        differences.sort_by(f64::total_cmp);
        let found = shift(&these, &those, 0.95).unwrap();
        close(found.low, differences[4]);
        close(found.high, differences[20]);
    }

    #[test]
    fn too_few_values_have_no_bounds() {
        let one = shift(&[1.0], &[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!((one.low, one.high), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(shift(&[], &[1.0], 0.95).is_none());
    }

    #[test]
    fn many_values_agree_with_the_exact_test() {
        let these: Vec<f64> = (0..25).map(|x| f64::from(x * 7 % 25) + 1.3).collect();
        let those: Vec<f64> = (0..25).map(|x| f64::from(x * 11 % 25)).collect();
        let mut all: Vec<f64> = [these.clone(), those.clone()].concat();
        all.sort_by(f64::total_cmp);
        let found = shift(&these, &those, 0.95).unwrap().p_above;
        let sum: f64 = these
            .iter()
            .map(|it| all.iter().position(|other| other == it).unwrap() as f64 + 1.0)
            .sum();
        assert!((normal(25, 25, sum, 0.0) - found).abs() < 0.005);
    }
}
