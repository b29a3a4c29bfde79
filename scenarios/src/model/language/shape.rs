//! The sizes that all layers share.

use crate::model::config::TextConfig;

#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub hidden: usize,
    pub intermediate: usize,
    pub vocabulary: usize,
    pub heads: usize,
    /// Heads of keys and values; each serves as many queries' heads.
    pub kv_heads: usize,
    pub head_dim: usize,
    /// Of the normalisations.
    pub eps: f64,
}

impl Shape {
    pub fn of(text: &TextConfig) -> Shape {
        Shape {
            hidden: text.hidden_size,
            intermediate: text.intermediate_size,
            vocabulary: text.vocab_size,
            heads: text.num_attention_heads,
            kv_heads: text.key_value_heads(),
            head_dim: text.head_dim(),
            eps: text.rms_norm_eps,
        }
    }
}
