//! `vision_config`: the shape of the CLIP tower.

use serde::{Deserialize, Deserializer};

use super::Refusal;
use super::check::{layers, shared, sizes};

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct VisionConfig {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    #[serde(deserialize_with = "side")]
    pub image_size: usize,
    #[serde(deserialize_with = "side")]
    pub patch_size: usize,
    pub num_channels: usize,
    pub model_type: String,
    pub hidden_act: String,
    pub layer_norm_eps: f64,
}

impl VisionConfig {
    pub fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.model_type != "clip_vision_model" {
            return Refusal::unsupported(format!("the vision tower {:?}", self.model_type));
        }
        if self.hidden_act != "quick_gelu" {
            return Refusal::unsupported(format!("the tower activation {:?}", self.hidden_act));
        }
        // candle's CLIP has both built in.
        if self.num_channels != 3 || self.layer_norm_eps != 1e-5 {
            return Refusal::unsupported(format!(
                "a tower with {} channels and the layer_norm_eps {}",
                self.num_channels, self.layer_norm_eps
            ));
        }
        sizes(
            "vision_config",
            &[
                ("hidden_size", self.hidden_size),
                ("intermediate_size", self.intermediate_size),
                ("num_attention_heads", self.num_attention_heads),
                ("image_size", self.image_size),
                ("patch_size", self.patch_size),
            ],
        )?;
        layers("vision_config", self.num_hidden_layers)?;
        shared("vision_config", self.hidden_size, self.num_attention_heads)?;
        if self.image_size < self.patch_size || self.image_size > 16_384 {
            let (image, patch) = (self.image_size, self.patch_size);
            return Refusal::bad(format!("an image_size of {image} with patches of {patch}"));
        }
        Ok(())
    }
}

/// `CLIPVisionConfig`'s.
impl Default for VisionConfig {
    fn default() -> VisionConfig {
        VisionConfig {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            image_size: 224,
            patch_size: 32,
            num_channels: 3,
            model_type: "clip_vision_model".into(),
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
        }
    }
}

/// What `LlavaConfig` takes when there is no `vision_config` at all: CLIP ViT-L/14 at 336.
pub fn vit_large_336() -> VisionConfig {
    VisionConfig {
        hidden_size: 1024,
        intermediate_size: 4096,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        image_size: 336,
        patch_size: 14,
        ..VisionConfig::default()
    }
}

/// A side in pixels, which may be written as a square's two.
fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Side {
        One(usize),
        Two([usize; 2]),
    }
    match Side::deserialize(deserializer)? {
        Side::One(side) => Ok(side),
        Side::Two([height, width]) if height == width => Ok(height),
        Side::Two(_) => Err(serde::de::Error::custom("a side that is not a square's")),
    }
}
