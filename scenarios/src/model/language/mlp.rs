//! The gated half of a layer.

use candle_core::{Result, Tensor};

use super::{Linear, Shape, Weights};

#[derive(Debug)]
pub struct Mlp {
    pub gate: Linear,
    pub up: Linear,
    pub down: Linear,
}

impl Mlp {
    pub fn load(weights: &Weights<'_>, shape: &Shape) -> Result<Mlp> {
        let (hidden, wide) = (shape.hidden, shape.intermediate);
        Ok(Mlp {
            gate: Linear::load(&weights.pp("gate_proj"), wide, hidden)?,
            up: Linear::load(&weights.pp("up_proj"), wide, hidden)?,
            down: Linear::load(&weights.pp("down_proj"), hidden, wide)?,
        })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.gate.forward(x)?.silu()?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}
