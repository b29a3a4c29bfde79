//! Whether two rates differ (Fisher's exact test).

use statrs::distribution::{Discrete, Hypergeometric};

use super::Proportion;

/// Sums of rounding errors must not take a table for less likely than itself.
const SLACK: f64 = 1.0 + 1e-9;

/// Two-sided: how likely two samples of one rate differ so much or more.
pub fn fisher(a: &Proportion, b: &Proportion) -> f64 {
    let likelihoods = likelihoods(a, b);
    let seen = likelihoods
        .iter()
        .find(|(events, _)| *events == u64::from(a.events))
        .map_or(0.0, |(_, likelihood)| *likelihood);
    let as_extreme = likelihoods
        .iter()
        .filter(|(_, likelihood)| *likelihood <= seen * SLACK);
    as_extreme
        .map(|(_, likelihood)| likelihood)
        .sum::<f64>()
        .min(1.0)
}

/// One-sided: how likely so many events or more are in `a` if its rate is no higher than `b`'s.
pub fn fisher_above(a: &Proportion, b: &Proportion) -> f64 {
    let above = likelihoods(a, b);
    let above = above
        .iter()
        .filter(|(events, _)| *events >= u64::from(a.events));
    above
        .map(|(_, likelihood)| likelihood)
        .sum::<f64>()
        .min(1.0)
}

/// Of every number of events that `a` could have of the events in both.
fn likelihoods(a: &Proportion, b: &Proportion) -> Vec<(u64, f64)> {
    let events = u64::from(a.events) + u64::from(b.events);
    let (here, there) = (u64::from(a.n), u64::from(b.n));
    let Ok(table) = Hypergeometric::new(here + there, events, here) else {
        return Vec::new();
    };
    (events.saturating_sub(there)..=events.min(here))
        .map(|events| (events, table.pmf(events)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(a: (u32, u32), b: (u32, u32)) -> f64 {
        let of = |(events, n)| Proportion::of(events, n).unwrap();
        fisher(&of(a), &of(b))
    }

    #[test]
    fn the_tea_tasting_has_its_published_p() {
        assert!((p((3, 4), (1, 4)) - 0.485_714).abs() < 1e-6);
        assert!((p((4, 4), (0, 4)) - 0.028_571).abs() < 1e-6);
        let of = |events| Proportion::of(events, 4).unwrap();
        assert!((fisher_above(&of(3), &of(1)) - 0.242_857).abs() < 1e-6);
    }

    #[test]
    fn the_same_rate_proves_nothing() {
        assert!((p((0, 14), (0, 14)) - 1.0).abs() < 1e-9);
        assert!((p((2, 2), (5, 5)) - 1.0).abs() < 1e-9);
    }
}
