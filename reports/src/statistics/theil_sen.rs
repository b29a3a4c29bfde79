//! A slope that a few outliers cannot move (Theil and Sen), with its 95 % interval.
//!
//! The estimate is the median of the slopes between all pairs of points. The interval is Sen's: as many
//! places from the middle of the sorted slopes as Kendall's S, its variance corrected for ties, allows.

use super::Interval;

/// With fewer points no arrangement of them is unlikely enough for 95 %.
const FEWEST: usize = 5;
/// Pairs grow with the square: beyond this, evenly spread points stand for all.
const MOST: usize = 500;
/// The normal distribution's two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A slope, and how many points it was made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    pub n: usize,
    pub per_x: Interval,
}

/// `None` if there are too few points for an interval. Of more than 500 points, 500 evenly spread
/// ones are used: the interval is then wider than it might be, never narrower.
pub fn slope(points: &[(f64, f64)]) -> Option<Slope> {
    let mut points: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    if points.len() < FEWEST {
        return None;
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let points = thin(points);
    let mut slopes: Vec<f64> = points
        .iter()
        .enumerate()
        .flat_map(|(at, first)| {
            points
                .iter()
                .skip(at + 1)
                .filter(|second| second.0 > first.0)
                .map(|second| (second.1 - first.1) / (second.0 - first.0))
        })
        .collect();
    let pairs = slopes.len();
    let n = points.len();
    let spread = Z * variance(&points).sqrt();
    let outside = ((pairs as f64 - spread) / 2.0).round();
    if outside < 1.0 {
        return None;
    }
    let outside = outside as usize;
    let mut nth = |at: usize| *slopes.select_nth_unstable_by(at, f64::total_cmp).1;
    let low = nth(outside - 1);
    let high = nth(pairs - outside);
    let estimate = (nth((pairs - 1) / 2) + nth(pairs / 2)) / 2.0;
    Some(Slope {
        n,
        per_x: Interval {
            estimate,
            low,
            high,
        },
    })
}

pub(super) fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let n = points.len();
    if n <= MOST {
        return points;
    }
    (0..MOST)
        .filter_map(|k| points.get(k * (n - 1) / (MOST - 1)).copied())
        .collect()
}

/// Of Kendall's S.
pub(super) fn variance(points: &[(f64, f64)]) -> f64 {
    let weight = |t: usize| {
        let t = t as f64;
        t * (t - 1.0) * (2.0 * t + 5.0)
    };
    let ties = |of: fn(&(f64, f64)) -> f64| -> f64 {
        let mut values: Vec<f64> = points.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
            .chunk_by(|a, b| a == b)
            .map(|tied| weight(tied.len()))
            .sum()
    };
    let all = weight(points.len());
    ((all - ties(|point| point.0) - ties(|point| point.1)) / 18.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(ys: &[f64]) -> Vec<(f64, f64)> {
        (1..).map(f64::from).zip(ys.iter().copied()).collect()
    }

    #[test]
    fn a_straight_line_has_its_slope_and_an_outlier_does_not_move_it() {
        let mut ys: Vec<f64> = (0..20).map(|x| 3.0 * f64::from(x) + 1.0).collect();
        ys[7] = 10_000.0;
        let slope = slope(&numbered(&ys)).unwrap();
        assert_eq!(slope.per_x.estimate, 3.0);
        assert!(slope.per_x.low > 2.0 && slope.per_x.high < 4.0);
    }

    #[test]
    fn the_interval_is_the_one_worked_out_by_hand() {
        // 21 slopes; Var S = 7 * 6 * 19 / 18 = 44.33, so 1.96 * 6.658 = 13.05 and (21 - 13.05) / 2 = 3.97:
        // the bounds are the 4th slope from either end.
        let ys = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 11.0];
        let mut slopes = Vec::new();
        for (i, a) in ys.iter().enumerate() {
            for (j, b) in ys.iter().enumerate().skip(i + 1) {
                slopes.push((b - a) / (j - i) as f64);
            }
        }
        slopes.sort_by(f64::total_cmp);
        let found = slope(&numbered(&ys)).unwrap();
        assert_eq!(found.per_x.low, slopes[3]);
        assert_eq!(found.per_x.high, slopes[17]);
        assert_eq!(found.per_x.estimate, slopes[10]);
        assert_eq!(found.n, 7);
    }

    #[test]
    fn four_points_prove_nothing_and_flat_ones_are_flat() {
        assert!(slope(&numbered(&[1.0, 2.0, 3.0, 4.0])).is_none());
        let flat = slope(&numbered(&[5.0; 12])).unwrap().per_x;
        assert_eq!((flat.low, flat.estimate, flat.high), (0.0, 0.0, 0.0));
        assert!(slope(&[(1.0, 2.0); 9]).is_none(), "one x has no slope");
    }

    #[test]
    fn noise_without_a_trend_has_an_interval_round_zero() {
        let ys: Vec<f64> = (0..40_u32).map(|x| f64::from(x * 7_919 % 101)).collect();
        let found = slope(&numbered(&ys)).unwrap().per_x;
        assert!(found.low < 0.0 && found.high > 0.0, "{found:?}");
    }

    #[test]
    fn very_many_points_are_thinned_to_a_bounded_number() {
        let ys: Vec<f64> = (0..200_000).map(|x| 0.5 * f64::from(x)).collect();
        let found = slope(&numbered(&ys)).unwrap();
        assert_eq!((found.n, found.per_x.estimate), (MOST, 0.5));
    }
}
