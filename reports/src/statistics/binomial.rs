//! A rate with what may be claimed of it: the exact binomial interval (Clopper and Pearson).

use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use super::{Interval, Proportion};

/// What a confidence of 95 % leaves out.
const LEFT_OUT: f64 = 0.05;

impl Proportion {
    /// `None` without a trial. More events than trials count as all of them.
    pub fn of(events: u32, n: u32) -> Option<Proportion> {
        if n == 0 {
            return None;
        }
        let events = events.min(n);
        Some(Proportion {
            events,
            n,
            interval: Interval {
                estimate: f64::from(events) / f64::from(n),
                low: lower(events, n, LEFT_OUT / 2.0),
                high: upper(events, n, LEFT_OUT / 2.0),
            },
            below: upper(events, n, LEFT_OUT),
        })
    }
}

/// How likely so many events or more are at a given rate.
pub fn tail_above(events: u32, n: u32, rate: f64) -> f64 {
    if events == 0 {
        return 1.0;
    }
    Binomial::new(rate, u64::from(n)).map_or(1.0, |it| it.sf(u64::from(events) - 1))
}

/// Nobody waits for more.
const MOST_ATTEMPTS: u32 = 10_000_000;

/// The smallest number of trials, with no further event, after which the one-sided 95 % bound is at most
/// `rate`; `None` if no number would do.
pub fn attempts_needed(events: u32, rate: f64) -> Option<u32> {
    let does = |n: u32| upper(events.min(n), n, LEFT_OUT) <= rate;
    let mut high = events.max(1);
    while !does(high) {
        high = high.checked_mul(2).filter(|&high| high <= MOST_ATTEMPTS)?;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if does(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// The rate under which so many events or more are only `tail` likely.
fn lower(events: u32, n: u32, tail: f64) -> f64 {
    match events {
        0 => 0.0,
        all if all == n => tail.powf(1.0 / f64::from(n)),
        some => quantile(f64::from(some), f64::from(n - some + 1), tail),
    }
}

/// The rate under which so many events or fewer are only `tail` likely.
fn upper(events: u32, n: u32, tail: f64) -> f64 {
    match events {
        0 => 1.0 - tail.powf(1.0 / f64::from(n)),
        all if all == n => 1.0,
        some => quantile(f64::from(some + 1), f64::from(n - some), 1.0 - tail),
    }
}

fn quantile(a: f64, b: f64, at: f64) -> f64 {
    // Both shapes are at least 1 here, so the distribution exists.
    Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }

    #[test]
    fn no_event_in_two_trials_is_not_a_rate_of_zero() {
        let rate = Proportion::of(0, 2).unwrap();
        assert_eq!(rate.interval.low, 0.0);
        close(rate.interval.high, 0.841_886_117);
        close(rate.below, 0.776_393_202);
    }

    #[test]
    fn the_bounds_are_those_of_published_tables() {
        for (events, n, low, high) in [
            (1, 10, 0.002_528_579, 0.445_016_117),
            (5, 10, 0.187_086_028, 0.812_913_972),
            (10, 10, 0.691_502_892, 1.0),
            (3, 20, 0.032_070_937, 0.378_926_827),
        ] {
            let rate = Proportion::of(events, n).unwrap();
            close(rate.interval.low, low);
            close(rate.interval.high, high);
        }
    }

    #[test]
    fn a_bound_is_where_its_tail_has_the_promised_weight() {
        // By the definition, summed up: at most k events of n are 5 % likely at the one-sided bound.
        let (events, n) = (7, 190);
        let below = Proportion::of(events, n).unwrap().below;
        let mut term = (1.0 - below).powi(190);
        let mut sum = term;
        for k in 1..=events {
            term *= f64::from(n - k + 1) / f64::from(k) * below / (1.0 - below);
            sum += term;
        }
        close(sum, 0.05);
    }

    #[test]
    fn so_many_trials_are_needed_and_one_fewer_are_not_enough() {
        assert_eq!(attempts_needed(0, 0.01), Some(299));
        assert_eq!(attempts_needed(0, 0.05), Some(59));
        let needed = attempts_needed(3, 0.02).unwrap();
        assert!(Proportion::of(3, needed).unwrap().below <= 0.02);
        assert!(Proportion::of(3, needed - 1).unwrap().below > 0.02);
        assert_eq!(attempts_needed(0, 0.0), None);
    }

    #[test]
    fn a_tail_is_the_sum_of_its_terms() {
        close(tail_above(1, 2, 0.1), 0.19);
        close(tail_above(0, 2, 0.1), 1.0);
        close(tail_above(2, 2, 0.1), 0.01);
    }

    #[test]
    fn nothing_tried_has_no_rate_and_a_large_number_still_has_one() {
        assert!(Proportion::of(0, 0).is_none());
        let rate = Proportion::of(50_000, 1_000_000).unwrap();
        assert!(rate.interval.low > 0.0495 && rate.interval.high < 0.0505);
    }
}
