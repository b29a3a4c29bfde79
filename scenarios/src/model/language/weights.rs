//! The weights by their names, plain or quantised.

use std::collections::HashMap;

use candle_core::quantized::QMatMul;
use candle_nn::VarBuilder;

/// Those whose names begin alike.
#[derive(Clone)]
pub struct Weights<'a> {
    pub plain: VarBuilder<'a>,
    /// By whole names.
    pub quantised: &'a HashMap<String, QMatMul>,
}

impl Weights<'_> {
    pub fn pp(&self, name: impl ToString) -> Self {
        Weights {
            plain: self.plain.pp(name),
            quantised: self.quantised,
        }
    }

    /// The weight of a matrix product, if it is quantised.
    pub fn product(&self) -> Option<&QMatMul> {
        self.quantised
            .get(&format!("{}.weight", self.plain.prefix()))
    }
}
