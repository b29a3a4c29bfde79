//! The vision tower: candle's CLIP, run as far as the layer whose output is the image's features.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::clip::text_model::Activation;
use candle_transformers::models::clip::vision_model::{ClipVisionConfig, ClipVisionTransformer};

use super::config::Config;
use super::manifest::TOWER;

#[derive(Debug)]
pub struct Tower {
    clip: ClipVisionTransformer,
    keep_class_token: bool,
}

impl Tower {
    pub fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Tower> {
        let vision = &config.vision;
        let clip = ClipVisionConfig {
            embed_dim: vision.hidden_size,
            activation: Activation::QuickGelu,
            intermediate_size: vision.intermediate_size,
            // The layers past the features would be computed for nothing.
            num_hidden_layers: config.feature_layers,
            num_attention_heads: vision.num_attention_heads,
            projection_dim: 0,
            num_channels: 3,
            image_size: vision.image_size,
            patch_size: vision.patch_size,
        };
        Ok(Tower {
            clip: ClipVisionTransformer::new(weights.pp(TOWER), &clip)?,
            keep_class_token: config.keep_class_token,
        })
    }

    /// Of pixels (images, 3, side, side): features (images, tokens, hidden).
    pub fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let mut states = self.clip.output_hidden_states(pixels)?;
        // The last one is the pooled class token; the one before, the last layer's output.
        states.pop();
        let features = states
            .pop()
            .ok_or_else(|| candle_core::Error::Msg("a tower without layers".into()))?;
        match self.keep_class_token {
            true => Ok(features),
            false => features
                .narrow(D::Minus2, 1, features.dim(D::Minus2)? - 1)?
                .contiguous(),
        }
    }
}

/// Tensors that candle's CLIP asks for and whose result [`Tower::forward`] drops: the last
/// normalisation, which checkpoints may lack.
pub fn stand_ins(config: &Config, device: &Device, dtype: DType) -> Result<[(String, Tensor); 2]> {
    let size = config.vision.hidden_size;
    let name = |part: &str| format!("{TOWER}.post_layernorm.{part}");
    Ok([
        (name("weight"), Tensor::ones(size, dtype, device)?),
        (name("bias"), Tensor::zeros(size, dtype, device)?),
    ])
}
