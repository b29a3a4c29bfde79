//! One answer, token by token.

use std::fmt;

use candle_core::{Device, Tensor};
use candle_transformers::generation::LogitsProcessor;
use sha2::{Digest, Sha256};

use super::ModelError;
use super::decoder::{Decoder, Likeliest};
use super::language::{Context, Language};
use super::tokens::Tokens;
use super::top_p::keep_likeliest;

/// How tokens are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    pub max_new_tokens: usize,
    /// `None` or 0: always the likeliest token.
    pub temperature: Option<f64>,
    /// Choose among the likeliest tokens that together have this probability.
    pub top_p: Option<f64>,
    pub seed: u64,
}

impl Sampling {
    fn check(&self) -> Result<(), ModelError> {
        let bad = |what, value, hint| Err(ModelError::BadSampling { what, value, hint });
        match (self.temperature, self.top_p) {
            (Some(value), _) if !(0.0..=100.0).contains(&value) => bad(
                "temperature",
                value,
                "give a number from 0 to 100, 0 for greedy decoding",
            ),
            (_, Some(value)) if !(value > 0.0 && value <= 1.0) => {
                bad("top-p", value, "give a number above 0, at most 1")
            }
            _ => Ok(()),
        }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoppedBy {
    /// The model said so.
    EndOfText,
    MaxNewTokens,
    /// Nobody asked for the rest.
    Caller,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Without special tokens.
    pub text: String,
    /// With the end-of-text token, if there was one.
    pub tokens: Vec<u32>,
    /// SHA-256 of the tokens (each as 4 bytes, little-endian), in hexadecimal.
    pub digest: String,
    pub prompt_tokens: usize,
    pub stopped_by: StoppedBy,
}

/// An answer in the making. Its prompt has been read.
pub struct Generation<'m> {
    language: &'m Language,
    tokenizer: &'m Tokens,
    eos: &'m [u32],
    /// Before the context, which it works in.
    decoder: Option<Decoder>,
    context: Context,
    sampler: LogitsProcessor,
    top_p: Option<f64>,
    /// Always the likeliest token.
    greedy: bool,
    /// After the prompt or the last token that was read.
    logits: Option<Tensor>,
    max_new_tokens: usize,
    prompt_tokens: usize,
    tokens: Vec<u32>,
    stopped_by: Option<StoppedBy>,
}

impl<'m> Generation<'m> {
    /// Reads the prompt's embeddings.
    pub(super) fn begin(
        language: &'m Language,
        tokenizer: &'m Tokens,
        eos: &'m [u32],
        embeddings: &Tensor,
        sampling: &Sampling,
    ) -> Result<Generation<'m>, ModelError> {
        const DOING: &str = "read the prompt";
        sampling.check()?;
        let prompt_tokens = embeddings.dim(1).map_err(ModelError::compute(DOING))?;
        // The last token is not read.
        let capacity = prompt_tokens + sampling.max_new_tokens.saturating_sub(1);
        let mut context = language
            .begin(capacity)
            .map_err(ModelError::compute(DOING))?;
        let logits = language
            .forward(embeddings, &mut context)
            .and_then(|logits| logits.to_device(&Device::Cpu))
            .map_err(ModelError::compute(DOING))?;
        let temperature = sampling
            .temperature
            .filter(|&temperature| temperature > 0.0);
        let decoder = Decoder::new(language, &context)
            .map_err(ModelError::compute("prepare for the tokens to come"))?;
        Ok(Generation {
            language,
            tokenizer,
            eos,
            decoder,
            context,
            sampler: LogitsProcessor::new(sampling.seed, temperature, None),
            top_p: sampling.top_p,
            greedy: temperature.is_none(),
            logits: Some(logits),
            max_new_tokens: sampling.max_new_tokens,
            prompt_tokens,
            tokens: Vec::new(),
            stopped_by: None,
        })
    }

    /// The next token, `None` after the last. The first one comes from the prompt's own logits.
    pub fn next_token(&mut self) -> Result<Option<u32>, ModelError> {
        const DOING: &str = "generate the next token";
        if self.stopped_by.is_none() && self.tokens.len() >= self.max_new_tokens {
            self.stopped_by = Some(StoppedBy::MaxNewTokens);
        }
        if self.stopped_by.is_some() {
            return Ok(None);
        }
        let token = match self.logits.take() {
            Some(logits) => self.choose(&logits, DOING)?,
            None => self.read_last(DOING)?,
        };
        self.tokens.push(token);
        if self.eos.contains(&token) {
            self.stopped_by = Some(StoppedBy::EndOfText);
        }
        Ok(Some(token))
    }

    /// Puts another token where the last one stands, for the rest of the answer to follow from: what
    /// a card does that computes wrongly and says nothing.
    pub fn corrupt_last(&mut self) {
        if let Some(last) = self.tokens.last_mut() {
            // One that every vocabulary has.
            *last = last.checked_sub(1).unwrap_or(1);
        }
    }

    /// Reads the last token: the one after it.
    fn read_last(&mut self, doing: &'static str) -> Result<u32, ModelError> {
        let last = self.tokens.last().copied().unwrap_or_default();
        if let Some(decoder) = &mut self.decoder
            && self.greedy
        {
            let more = self.tokens.len() + 1 < self.max_new_tokens;
            let Likeliest { token, finite } = decoder
                .likeliest(last, more)
                .map_err(ModelError::compute(doing))?;
            return match finite {
                true => Ok(token),
                false => Err(ModelError::NotANumber { doing }),
            };
        }
        let logits = self.read(last).map_err(ModelError::compute(doing))?;
        self.choose(&logits, doing)
    }

    /// Reads a token: the logits after it.
    #[doc(hidden)]
    pub fn read(&mut self, token: u32) -> candle_core::Result<Tensor> {
        if let Some(decoder) = &mut self.decoder {
            return decoder.logits(token);
        }
        let embeddings = self.language.embed(&[token])?;
        self.language
            .forward(&embeddings, &mut self.context)?
            .to_device(&Device::Cpu)
    }

    /// Whether a step is [kernels of our own](super::decoder).
    pub fn has_decoder(&self) -> bool {
        self.decoder.is_some()
    }

    /// From the prompt on, steps are candle's.
    #[doc(hidden)]
    pub fn without_decoder(mut self) -> Generation<'m> {
        self.decoder = None;
        self
    }

    fn choose(&mut self, logits: &Tensor, doing: &'static str) -> Result<u32, ModelError> {
        let values: Vec<f32> = logits.to_vec1().map_err(ModelError::compute(doing))?;
        // Choosing would go on without a word: the largest of NaNs is token 0.
        if values.iter().any(|value| value.is_nan()) {
            return Err(ModelError::NotANumber { doing });
        }
        let top_p = self.top_p.map(|share| share as f32);
        let cut = |all: &mut [f32]| {
            if let Some(share) = top_p {
                keep_likeliest(all, share);
            }
        };
        self.sampler
            .sample_f(logits, cut)
            .map_err(ModelError::compute(doing))
    }

    /// The logits that the next token will be chosen from, where they are known yet.
    #[doc(hidden)]
    pub fn logits(&self) -> Option<&Tensor> {
        self.logits.as_ref()
    }

    /// The answer so far.
    pub fn finish(self) -> Result<Answer, ModelError> {
        let mut digest = Sha256::new();
        for token in &self.tokens {
            digest.update(token.to_le_bytes());
        }
        Ok(Answer {
            text: self.tokenizer.decode(&self.tokens)?,
            digest: format!("{:x}", digest.finalize()),
            prompt_tokens: self.prompt_tokens,
            stopped_by: self.stopped_by.unwrap_or(StoppedBy::Caller),
            tokens: self.tokens,
        })
    }
}

impl fmt::Debug for Generation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("prompt_tokens", &self.prompt_tokens)
            .field("tokens", &self.tokens)
            .field("stopped_by", &self.stopped_by)
            .finish_non_exhaustive()
    }
}
