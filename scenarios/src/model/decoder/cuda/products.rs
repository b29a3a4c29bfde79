//! The weights of a layer as the kernels take them.

use candle_core::Result;

use super::address::{Weights, of_linear};
use crate::model::language::{Layer, Shape};

#[derive(Debug)]
pub struct Products {
    pub query: Weights,
    pub key: Weights,
    pub value: Weights,
    pub output: Weights,
    pub gate: Weights,
    pub up: Weights,
    pub down: Weights,
}

impl Products {
    /// `None` where there is no kernel for them.
    pub fn of(layer: &Layer, shape: &Shape) -> Result<Option<Products>> {
        let (attention, mlp) = (&layer.attention, &layer.mlp);
        let hidden = |linear| of_linear(linear, shape.hidden);
        let all = [
            hidden(&attention.query)?,
            hidden(&attention.key)?,
            hidden(&attention.value)?,
            of_linear(&attention.output, shape.heads * shape.head_dim)?,
            hidden(&mlp.gate)?,
            hidden(&mlp.up)?,
            of_linear(&mlp.down, shape.intermediate)?,
        ];
        let [
            Some(query),
            Some(key),
            Some(value),
            Some(output),
            Some(gate),
            Some(up),
            Some(down),
        ] = all
        else {
            return Ok(None);
        };
        // One kernel multiplies with all three, or with both.
        let alike =
            query.format == key.format && query.format == value.format && gate.format == up.format;
        Ok(alike.then_some(Products {
            query,
            key,
            value,
            output,
            gate,
            up,
            down,
        }))
    }
}
