//! In which formats the language model's matrix products are held: what was asked for, or what their
//! rows allow.

use std::collections::BTreeMap;

use candle_core::quantized::{GgmlDType, QMatMul};

use super::manifest::{Expected, Role};
use super::weights::Loaded;

/// By the format's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Products(pub BTreeMap<String, Held>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub tensors: u64,
    pub bytes: u64,
}

impl Products {
    pub(super) fn of(expected: &[Expected], loaded: &Loaded) -> Products {
        let mut products = Products::default();
        for quantised in loaded.quantised.values() {
            if let QMatMul::QTensor(tensor) = quantised {
                products.add(name(tensor.dtype()), tensor.storage_size_in_bytes());
            }
        }
        let plain = expected
            .iter()
            .filter(|tensor| tensor.role == Role::Product)
            .filter_map(|tensor| loaded.plain.get(&tensor.name));
        for tensor in plain {
            let bytes = tensor.elem_count() * tensor.dtype().size_in_bytes();
            products.add(tensor.dtype().as_str().to_owned(), bytes);
        }
        products
    }

    fn add(&mut self, format: String, bytes: usize) {
        let held = self.0.entry(format).or_default();
        held.tensors += 1;
        held.bytes += bytes as u64;
    }
}

/// As it is written after `--quant`: q8_0, q4k.
fn name(format: GgmlDType) -> String {
    format!("{format:?}").to_lowercase()
}
