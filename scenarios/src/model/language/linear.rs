//! A matrix product without a bias.

use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

#[derive(Debug)]
pub enum Linear {
    Plain(candle_nn::Linear),
}

impl Linear {
    pub fn load(weights: &VarBuilder<'_>, to: usize, from: usize) -> Result<Linear> {
        Ok(Linear::plain(weights.get((to, from), "weight")?))
    }

    pub fn plain(weight: Tensor) -> Linear {
        Linear::Plain(candle_nn::Linear::new(weight, None))
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Linear::Plain(linear) => linear.forward(x),
        }
    }
}
