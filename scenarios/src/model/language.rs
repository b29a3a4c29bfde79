//! The language model: candle's Llama behind the three calls that generation needs, so that
//! another one (a quantised one, say) can stand in its place.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Config as LlamaConfig, Llama};

use super::config::TextConfig;
use super::manifest::LANGUAGE;

#[derive(Debug)]
pub struct Language {
    llama: Llama,
    /// RoPE's tables and no keys or values.
    empty: Cache,
    device: Device,
}

/// What the model has read so far.
#[derive(Debug)]
pub struct Context {
    cache: Cache,
    position: usize,
}

impl Language {
    /// `weights` must hold every tensor in its right shape: candle's Llama panics otherwise.
    pub fn load(weights: &VarBuilder<'_>, text: &TextConfig, dtype: DType) -> Result<Language> {
        let config = LlamaConfig {
            hidden_size: text.hidden_size,
            intermediate_size: text.intermediate_size,
            vocab_size: text.vocab_size,
            num_hidden_layers: text.num_hidden_layers,
            num_attention_heads: text.num_attention_heads,
            num_key_value_heads: text.key_value_heads(),
            use_flash_attn: false,
            rms_norm_eps: text.rms_norm_eps,
            rope_theta: text.rope_theta(),
            bos_token_id: None,
            eos_token_id: None,
            rope_scaling: text.rope_scaling().map_err(candle_core::Error::Msg)?,
            max_position_embeddings: text.max_position_embeddings,
            tie_word_embeddings: text.tie_word_embeddings,
        };
        let device = weights.device().clone();
        Ok(Language {
            empty: Cache::new(true, dtype, &config, &device)?,
            llama: Llama::load(weights.pp(LANGUAGE), &config)?,
            device,
        })
    }

    /// A context with nothing in it.
    pub fn begin(&self) -> Context {
        Context {
            cache: self.empty.clone(),
            position: 0,
        }
    }

    /// The embeddings of `tokens`: (1, tokens, hidden).
    pub fn embed(&self, tokens: &[u32]) -> Result<Tensor> {
        self.llama
            .embed(&Tensor::new(tokens, &self.device)?.unsqueeze(0)?)
    }

    /// Reads embeddings (1, tokens, hidden) on top of the context: the logits after the last,
    /// (vocabulary), as f32.
    pub fn forward(&self, embeddings: &Tensor, context: &mut Context) -> Result<Tensor> {
        let logits =
            self.llama
                .forward_input_embed(embeddings, context.position, &mut context.cache)?;
        context.position += embeddings.dim(1)?;
        logits.squeeze(0)
    }
}
