//! The rotary position embedding's tables.

use std::f32::consts::TAU;

use candle_core::{DType, Device, Error, Result, Tensor};
use candle_transformers::models::llama::Llama3RopeConfig;

use crate::model::config::TextConfig;

#[derive(Debug)]
pub struct Rope {
    /// (positions, half of head_dim)
    pub cos: Tensor,
    pub sin: Tensor,
}

impl Rope {
    pub fn new(text: &TextConfig, dtype: DType, device: &Device) -> Result<Rope> {
        let scaling = text.rope_scaling().map_err(Error::Msg)?;
        let (dim, theta) = (text.head_dim(), text.rope_theta());
        let frequencies: Vec<f32> = (0..dim)
            .step_by(2)
            .map(|index| 1.0 / theta.powf(index as f32 / dim as f32))
            .map(|frequency| match &scaling {
                Some(scaling) => stretch(frequency, scaling),
                None => frequency,
            })
            .collect();
        let positions = text.max_position_embeddings;
        let frequencies = Tensor::from_vec(frequencies, (1, dim / 2), device)?;
        let angles = Tensor::arange(0, positions as u32, device)?
            .to_dtype(DType::F32)?
            .reshape((positions, 1))?
            .matmul(&frequencies)?;
        Ok(Rope {
            cos: angles.cos()?.to_dtype(dtype)?,
            sin: angles.sin()?.to_dtype(dtype)?,
        })
    }

    /// The rows of so many tokens from `position` on.
    pub fn at(&self, position: usize, tokens: usize) -> Result<(Tensor, Tensor)> {
        Ok((
            self.cos.narrow(0, position, tokens)?,
            self.sin.narrow(0, position, tokens)?,
        ))
    }
}

/// Llama 3's way to longer contexts: slow frequencies are slowed down further, fast ones are not,
/// and those between are in part.
fn stretch(frequency: f32, scaling: &Llama3RopeConfig) -> f32 {
    let original = scaling.original_max_position_embeddings as f32;
    let turns = original * frequency / TAU;
    let (low, high) = (scaling.low_freq_factor, scaling.high_freq_factor);
    let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
    kept * frequency + (1.0 - kept) * frequency / scaling.factor
}

#[cfg(test)]
mod tests {
    use candle_transformers::models::llama::Llama3RopeType;

    use super::*;

    #[test]
    fn fast_frequencies_are_kept_and_slow_ones_slowed_down() {
        let scaling = Llama3RopeConfig {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_max_position_embeddings: 8192,
            rope_type: Llama3RopeType::Llama3,
        };
        // Over the original context it turns that often.
        let turning = |turns: f32| turns * TAU / 8192.0;
        let fast = turning(5.0);
        assert_eq!(stretch(fast, &scaling), fast);
        let slow = turning(0.5);
        assert_eq!(stretch(slow, &scaling), slow / 8.0);
        let between = turning(2.5);
        let half = (between + between / 8.0) / 2.0;
        assert!((stretch(between, &scaling) - half).abs() < half * 1e-6);
    }
}
