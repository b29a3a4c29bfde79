//! One layer: attention, then the gated half, each added to what came in.

use candle_core::{Result, Tensor};
use candle_nn::{Module, RmsNorm, rms_norm};

use super::attention::Reading;
use super::{Attention, KvCache, Mlp, Shape, Weights};

#[derive(Debug)]
pub struct Layer {
    pub attention_norm: RmsNorm,
    pub attention: Attention,
    pub mlp_norm: RmsNorm,
    pub mlp: Mlp,
}

impl Layer {
    pub fn load(weights: &Weights<'_>, shape: &Shape) -> Result<Layer> {
        let norm = |name| rms_norm(shape.hidden, shape.eps, weights.plain.pp(name));
        Ok(Layer {
            attention_norm: norm("input_layernorm")?,
            attention: Attention::load(&weights.pp("self_attn"), shape)?,
            mlp_norm: norm("post_attention_layernorm")?,
            mlp: Mlp::load(&weights.pp("mlp"), shape)?,
        })
    }

    pub fn forward(
        &self,
        x: &Tensor,
        shape: &Shape,
        reading: &Reading,
        cache: &KvCache,
    ) -> Result<Tensor> {
        let attended = self.attention_norm.forward(x)?;
        let x = (self.attention.forward(&attended, shape, reading, cache)? + x)?;
        let gated = self.mlp.forward(&self.mlp_norm.forward(&x)?)?;
        gated + x
    }
}
