//! Which tokens `top-p` leaves: those that candle leaves, found without sorting the whole vocabulary
//! for every token.

use std::cmp::Ordering;

/// So many are sorted first: in a trained model a few tokens have nearly all of the probability.
const FIRST: usize = 256;

/// Sets all probabilities to 0 but the largest that together reach `share`.
pub fn keep_likeliest(probabilities: &mut [f32], share: f32) {
    if !(share > 0.0 && share < 1.0) {
        return;
    }
    let mut places: Vec<usize> = (0..probabilities.len()).collect();
    let likelier = |&a: &usize, &b: &usize| -> Ordering {
        let probability = |place: usize| probabilities.get(place).copied().unwrap_or_default();
        probability(b)
            .total_cmp(&probability(a))
            .then_with(|| a.cmp(&b))
    };
    let mut reached = 0.0;
    let mut kept = 0;
    let mut sorted = 0;
    let mut next = FIRST;
    while reached < share && sorted < places.len() {
        let rest = places.get_mut(sorted..).unwrap_or_default();
        let count = next.min(rest.len());
        if count < rest.len() {
            rest.select_nth_unstable_by(count, likelier);
        }
        let likeliest = rest.get_mut(..count).unwrap_or_default();
        likeliest.sort_unstable_by(likelier);
        for &place in likeliest.iter() {
            if reached >= share {
                break;
            }
            reached += probabilities.get(place).copied().unwrap_or_default();
            kept += 1;
        }
        sorted += count;
        next *= 8;
    }
    for place in places.into_iter().skip(kept) {
        if let Some(probability) = probabilities.get_mut(place) {
            *probability = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};
    use candle_transformers::generation::LogitsProcessor;

    use super::*;

    /// Of no particular order, with equal ones among them; the larger `peak`, the fewer are likely.
    fn logits(size: usize, peak: f32) -> Tensor {
        let value = |place: usize| peak * ((place * 7919 % 1009) as f32 / 1009.0);
        let values: Vec<f32> = (0..size).map(value).collect();
        Tensor::new(values, &Device::Cpu).unwrap()
    }

    #[test]
    fn the_same_tokens_are_drawn_as_by_candle() {
        for size in [3, 255, 256, 257, 5000] {
            for peak in [0.0, 1.0, 20.0, 200.0] {
                for share in [0.01, 0.5, 0.9, 0.999, 1.0] {
                    let logits = logits(size, peak);
                    let mut candles = LogitsProcessor::new(3, Some(0.7), Some(share));
                    let mut ours = LogitsProcessor::new(3, Some(0.7), None);
                    for _ in 0..4 {
                        let drawn = ours
                            .sample_f(&logits, |all| keep_likeliest(all, share as f32))
                            .unwrap();
                        let wanted = candles.sample(&logits).unwrap();
                        assert_eq!(drawn, wanted, "{size} {peak} {share}");
                    }
                }
            }
        }
    }
}
