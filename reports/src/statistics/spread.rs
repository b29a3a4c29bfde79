//! Median, 95th percentile and maximum of a number of measurements.
//!
//! Between two measurements a quantile is interpolated on a straight line: quantile `q` of n sorted
//! values lies at place `q * (n - 1)`, counted from 0 (type 7 of Hyndman and Fan).

use super::Spread;

impl Spread {
    /// `None` without a value; what is not a finite number is left out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut sorted: Vec<f64> = values
            .into_iter()
            .filter(|value| value.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        Some(Spread {
            n: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
            median: quantile(&sorted, 0.5)?,
            p95: quantile(&sorted, 0.95)?,
            max: *sorted.last()?,
        })
    }
}

/// `None` without a value.
pub fn lower_quartile(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|it| it.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.25)
}

fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * (sorted.len().checked_sub(1)?) as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((spread.n, spread.median, spread.max), (4, 2.5, 4.0));
        assert!((spread.p95 - 3.85).abs() < 1e-12);
        assert_eq!(lower_quartile([4.0, 1.0, 3.0, 2.0]), Some(1.75));
        let one = Spread::of([7.0]).unwrap();
        assert_eq!((one.median, one.p95, one.max), (7.0, 7.0, 7.0));
    }

    #[test]
    fn what_is_no_number_does_not_spoil_the_rest() {
        assert_eq!(Spread::of([f64::NAN, 2.0, f64::INFINITY]).unwrap().max, 2.0);
        assert!(Spread::of([f64::NAN]).is_none());
    }
}
