//! Several tests at once, with one bound on a false alarm of any of them (Holm).

/// Each p as it stands for all of them: it is to be compared with the level of the whole.
pub fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    let p = |at: usize| ps.get(at).copied().unwrap_or(1.0);
    order.sort_by(|&a, &b| p(a).total_cmp(&p(b)));
    let mut adjusted = vec![1.0; ps.len()];
    let mut highest: f64 = 0.0;
    for (rank, &at) in order.iter().enumerate() {
        highest = highest.max(p(at) * (ps.len() - rank) as f64).min(1.0);
        if let Some(place) = adjusted.get_mut(at) {
            *place = highest;
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_counts_for_all_and_order_is_kept() {
        let adjusted = holm(&[0.03, 0.01, 0.04]);
        for (found, expected) in adjusted.iter().zip([0.06, 0.03, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
