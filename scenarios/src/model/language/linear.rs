//! A matrix product without a bias.

use candle_core::quantized::QMatMul;
use candle_core::{DType, Module, Result, Tensor};

use super::Weights;

#[derive(Debug)]
pub enum Linear {
    Plain(candle_nn::Linear),
    Quantised(QMatMul),
}

impl Linear {
    pub fn load(weights: &Weights<'_>, to: usize, from: usize) -> Result<Linear> {
        match weights.product() {
            Some(product) => Ok(Linear::Quantised(product.clone())),
            None => Ok(Linear::plain(weights.plain.get((to, from), "weight")?)),
        }
    }

    pub fn plain(weight: Tensor) -> Linear {
        Linear::Plain(candle_nn::Linear::new(weight, None))
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Linear::Plain(linear) => linear.forward(x),
            // Which takes f32 wherever it is computed, and gives it.
            Linear::Quantised(product) => product
                .forward(&x.to_dtype(DType::F32)?)?
                .to_dtype(x.dtype()),
        }
    }
}
