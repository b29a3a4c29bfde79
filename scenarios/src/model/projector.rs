//! The two layers that carry the tower's features into the language model's space.

use candle_core::{Module, Result, Tensor};
use candle_nn::{Linear, VarBuilder, linear_b};

use super::config::{Config, ProjectorAct};
use super::manifest::PROJECTOR;

#[derive(Debug)]
pub struct Projector {
    first: Linear,
    act: ProjectorAct,
    second: Linear,
}

impl Projector {
    pub fn load(weights: &VarBuilder<'_>, config: &Config) -> Result<Projector> {
        let weights = weights.pp(PROJECTOR);
        let (from, to) = (config.vision.hidden_size, config.text.hidden_size);
        let bias = config.projector_bias;
        Ok(Projector {
            first: linear_b(from, to, bias, weights.pp("linear_1"))?,
            act: config.projector_act,
            second: linear_b(to, to, bias, weights.pp("linear_2"))?,
        })
    }

    pub fn forward(&self, features: &Tensor) -> Result<Tensor> {
        let hidden = self.first.forward(features)?;
        let hidden = match self.act {
            ProjectorAct::Gelu => hidden.gelu_erf()?,
            ProjectorAct::GeluTanh => hidden.gelu()?,
        };
        self.second.forward(&hidden)
    }
}
