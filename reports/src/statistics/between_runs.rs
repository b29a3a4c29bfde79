//! What runs of the same thing differ by, and whether new ones lie beyond that.
//!
//! Measurements within one run share the state that the machine was in: however many there are, they
//! say nothing of how much another run would differ. Only several runs do (Student's t, pooled).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// With fewer degrees of freedom no spread is known.
const LEAST_FREEDOM: usize = 2;
/// Readings are no finer than this share of themselves.
const LEAST_SPREAD: f64 = 1e-6;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Between {
    pub estimate: f64,
    /// One-sided bounds of the difference.
    pub low: f64,
    pub high: f64,
    pub p_above: f64,
    /// Standard deviation from run to run.
    pub spread: f64,
}

/// How far the mean of `these` runs lies above that of `those`. `None` with fewer than four runs in all.
pub fn between(these: &[f64], those: &[f64], confidence: f64) -> Option<Between> {
    let freedom = (these.len() + those.len()).checked_sub(2)?;
    if freedom < LEAST_FREEDOM || these.is_empty() || those.is_empty() {
        return None;
    }
    let (here, there) = (mean(these), mean(those));
    let squares = squares(these, here) + squares(those, there);
    let spread = (squares / freedom as f64).sqrt().max(LEAST_SPREAD);
    let error = error(spread, these.len(), those.len());
    let student = StudentsT::new(0.0, 1.0, freedom as f64).ok()?;
    let estimate = here - there;
    let reach = student.inverse_cdf(confidence) * error;
    Some(Between {
        estimate,
        low: estimate - reach,
        high: estimate + reach,
        p_above: student.sf(estimate / error),
        spread,
    })
}

/// How far from the estimate a one-sided bound would be with so many runs; without end if they are too few.
pub fn reach(spread: f64, these: usize, those: usize, confidence: f64) -> f64 {
    let freedom = (these + those).saturating_sub(2) as f64;
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| {
        student.inverse_cdf(confidence) * error(spread, these, those)
    })
}

fn error(spread: f64, these: usize, those: usize) -> f64 {
    spread * (1.0 / these as f64 + 1.0 / those as f64).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_is_compared_with_what_runs_differ_by() {
        // Mean 10, spread 1: t = 3 / (1 * sqrt(1 + 1/5)) = 2.7386 with 4 degrees of freedom.
        let those = [9.0, 9.0, 10.0, 11.0, 11.0];
        let found = between(&[13.0], &those, 0.95).unwrap();
        assert!((found.spread - 1.0).abs() < 1e-12);
        assert!((found.p_above - 0.025_990).abs() < 1e-5, "{found:?}");
        assert!(found.low > 0.0 && found.high > 5.0);
    }

    #[test]
    fn three_runs_in_all_know_no_spread() {
        assert_eq!(between(&[1.0], &[1.0, 2.0], 0.95), None);
        assert!(between(&[1.0], &[1.0, 2.0, 3.0], 0.95).is_some());
    }
}
