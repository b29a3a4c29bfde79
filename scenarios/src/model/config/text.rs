//! `text_config`: the shape of the Llama.

use candle_transformers::models::llama::{Llama3RopeConfig, Llama3RopeType};
use serde::Deserialize;

use super::Refusal;
use super::check::{layers, shared, sizes};

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// `None`: as many as there are heads.
    pub num_key_value_heads: Option<usize>,
    pub head_dim: Option<usize>,
    pub max_position_embeddings: usize,
    pub rms_norm_eps: f64,
    pub tie_word_embeddings: bool,
    pub model_type: String,
    pub hidden_act: String,
    pub attention_bias: bool,
    pub mlp_bias: bool,
    pub eos_token_id: Option<TokenIds>,
    /// Older transformers; newer ones have both in `rope_parameters`.
    pub rope_theta: Option<f32>,
    pub rope_scaling: Option<Rope>,
    pub rope_parameters: Option<Rope>,
}

impl TextConfig {
    pub fn key_value_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    pub fn rope_theta(&self) -> f32 {
        let nested = self.rope_parameters.as_ref();
        nested
            .and_then(|rope| rope.rope_theta)
            .or(self.rope_theta)
            .unwrap_or(10_000.0)
    }

    /// `None` for plain RoPE; `Err` names what candle's Llama does not do.
    pub fn rope_scaling(&self) -> Result<Option<Llama3RopeConfig>, String> {
        let Some(rope) = self.rope_parameters.as_ref().or(self.rope_scaling.as_ref()) else {
            return Ok(None);
        };
        match rope.rope_type.as_deref().or(rope.kind.as_deref()) {
            None | Some("default") => Ok(None),
            Some("llama3") => match rope.llama3() {
                Some(scaling) => Ok(Some(scaling)),
                None => Err("a RoPE scaling \"llama3\" without all its factors".into()),
            },
            Some(other) => Err(format!("the RoPE scaling {other:?}")),
        }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.model_type != "llama" {
            return Refusal::unsupported(format!("the language model {:?}", self.model_type));
        }
        if self.hidden_act != "silu" {
            return Refusal::unsupported(format!("the activation {:?}", self.hidden_act));
        }
        if self.attention_bias || self.mlp_bias {
            return Refusal::unsupported("a Llama with biases".into());
        }
        sizes(
            "text_config",
            &[
                ("vocab_size", self.vocab_size),
                ("hidden_size", self.hidden_size),
                ("intermediate_size", self.intermediate_size),
                ("num_attention_heads", self.num_attention_heads),
                ("num_key_value_heads", self.key_value_heads()),
                ("max_position_embeddings", self.max_position_embeddings),
            ],
        )?;
        layers("text_config", self.num_hidden_layers)?;
        shared("text_config", self.hidden_size, self.num_attention_heads)?;
        shared(
            "text_config",
            self.num_attention_heads,
            self.key_value_heads(),
        )?;
        let other = self.head_dim.is_some_and(|dim| dim != self.head_dim());
        if other || !self.head_dim().is_multiple_of(2) {
            return Refusal::unsupported(
                "a head_dim other than the even share of hidden_size".into(),
            );
        }
        self.rope_scaling().map(drop).map_err(Refusal::Unsupported)
    }
}

/// `LlamaConfig`'s.
impl Default for TextConfig {
    fn default() -> TextConfig {
        TextConfig {
            vocab_size: 32_000,
            hidden_size: 4096,
            intermediate_size: 11_008,
            num_hidden_layers: 32,
            num_attention_heads: 32,
            num_key_value_heads: None,
            head_dim: None,
            max_position_embeddings: 2048,
            rms_norm_eps: 1e-6,
            tie_word_embeddings: false,
            model_type: "llama".into(),
            hidden_act: "silu".into(),
            attention_bias: false,
            mlp_bias: false,
            eos_token_id: None,
            rope_theta: None,
            rope_scaling: None,
            rope_parameters: None,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Rope {
    rope_type: Option<String>,
    /// The older name. Some files have both.
    #[serde(rename = "type")]
    kind: Option<String>,
    rope_theta: Option<f32>,
    factor: Option<f32>,
    low_freq_factor: Option<f32>,
    high_freq_factor: Option<f32>,
    original_max_position_embeddings: Option<usize>,
}

impl Rope {
    fn llama3(&self) -> Option<Llama3RopeConfig> {
        Some(Llama3RopeConfig {
            factor: self.factor?,
            low_freq_factor: self.low_freq_factor?,
            high_freq_factor: self.high_freq_factor?,
            original_max_position_embeddings: self.original_max_position_embeddings?,
            rope_type: Llama3RopeType::Llama3,
        })
    }
}

/// One token or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum TokenIds {
    One(u32),
    Many(Vec<u32>),
}

impl TokenIds {
    pub fn list(self) -> Vec<u32> {
        match self {
            TokenIds::One(token) => vec![token],
            TokenIds::Many(tokens) => tokens,
        }
    }
}
