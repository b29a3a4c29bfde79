//! Whether values grow faster than a given slope, over several series at once (Mann and Kendall, each
//! series compared with itself only).

use statrs::distribution::{ContinuousCDF, Normal};

use super::theil_sen;

/// How likely a trend so far above, or below, the given slope is if that slope is the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    pub p_above: f64,
    pub p_below: f64,
}

/// `None` if there are no two different x in any series.
pub fn against(series: &[Vec<(f64, f64)>], slope: f64) -> Option<Trend> {
    let (mut s, mut variance) = (0.0, 0.0);
    for points in series {
        let points: Vec<(f64, f64)> = theil_sen::thin(points.clone());
        let rest: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x, y - slope * x)).collect();
        s += rest
            .iter()
            .enumerate()
            .flat_map(|(at, first)| rest.iter().skip(at + 1).map(move |second| (first, second)))
            .map(|(first, second)| sign(second.0 - first.0) * sign(second.1 - first.1))
            .sum::<f64>();
        variance += theil_sen::variance(&rest);
    }
    if variance <= 0.0 {
        return None;
    }
    let normal = Normal::standard();
    let deviation = variance.sqrt();
    Some(Trend {
        p_above: normal.sf((s - 1.0) / deviation),
        p_below: normal.cdf((s + 1.0) / deviation),
    })
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(slope: f64) -> Vec<(f64, f64)> {
        (0..19_u32)
            .map(|x| (f64::from(x), slope * f64::from(x) + f64::from(x * 7 % 5)))
            .collect()
    }

    #[test]
    fn growth_beyond_the_slope_is_seen_and_growth_below_it_is_too() {
        let steep = against(&[line(8.0)], 1.0).unwrap();
        assert!(steep.p_above < 1e-6 && steep.p_below > 0.99);
        let flat = against(&[line(0.0)], 1.0).unwrap();
        assert!(flat.p_below < 0.01 && flat.p_above > 0.9);
    }

    #[test]
    fn several_short_series_together_prove_what_none_does_alone() {
        let short: Vec<(f64, f64)> = (0..4).map(|x| (f64::from(x), f64::from(x))).collect();
        let alone = against(std::slice::from_ref(&short), 0.0).unwrap();
        let together = against(&[short.clone(), short.clone(), short], 0.0).unwrap();
        assert!(
            alone.p_above > 0.04 && together.p_above < 0.01,
            "{together:?}"
        );
        assert_eq!(against(&[vec![(1.0, 2.0)]], 0.0), None);
    }
}
