//! Attention of the tokens that are read to themselves and all before them.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;
use candle_nn::rotary_emb::rope;

use super::{KvCache, Linear, Rope, Shape, Weights};

#[derive(Debug)]
pub struct Attention {
    pub query: Linear,
    pub key: Linear,
    pub value: Linear,
    pub output: Linear,
}

/// What a stretch of tokens has in common in all layers.
#[derive(Debug)]
pub struct Reading {
    /// Of the first token.
    position: usize,
    cos: Tensor,
    sin: Tensor,
    /// Minus infinity where a token would see one after it, (tokens, all tokens); one token sees all.
    mask: Option<Tensor>,
}

impl Reading {
    pub fn new(rope: &Rope, position: usize, tokens: usize, device: &Device) -> Result<Reading> {
        let (cos, sin) = rope.at(position, tokens)?;
        let mask = match tokens {
            1 => None,
            _ => Some(mask(position, tokens, device)?),
        };
        Ok(Reading {
            position,
            cos,
            sin,
            mask,
        })
    }
}

fn mask(position: usize, tokens: usize, device: &Device) -> Result<Tensor> {
    let all = position + tokens;
    let values: Vec<f32> = (0..tokens)
        .flat_map(|token| (0..all).map(move |seen| seen > position + token))
        .map(|hidden| if hidden { f32::NEG_INFINITY } else { 0.0 })
        .collect();
    Tensor::from_vec(values, (tokens, all), device)
}

impl Attention {
    pub fn load(weights: &Weights<'_>, shape: &Shape) -> Result<Attention> {
        let hidden = shape.hidden;
        let all = shape.heads * shape.head_dim;
        let shared = shape.kv_heads * shape.head_dim;
        let load = |name, to, from| Linear::load(&weights.pp(name), to, from);
        Ok(Attention {
            query: load("q_proj", all, hidden)?,
            key: load("k_proj", shared, hidden)?,
            value: load("v_proj", shared, hidden)?,
            output: load("o_proj", hidden, all)?,
        })
    }

    pub fn forward(
        &self,
        x: &Tensor,
        shape: &Shape,
        reading: &Reading,
        cache: &KvCache,
    ) -> Result<Tensor> {
        let (_, tokens, _) = x.dims3()?;
        let split = |x: Tensor, heads: usize| {
            x.reshape((1, tokens, heads, shape.head_dim))?
                .transpose(1, 2)?
                .contiguous()
        };
        let turn = |x: Tensor| rope(&x, &reading.cos, &reading.sin);
        let query = turn(split(self.query.forward(x)?, shape.heads)?)?;
        let key = turn(split(self.key.forward(x)?, shape.kv_heads)?)?;
        let value = split(self.value.forward(x)?, shape.kv_heads)?;
        let (keys, values) = cache.extend(reading.position, &key, &value)?;

        // In f32 whatever the weights are: f16 has no room for the scores of long prompts. The heads
        // that share keys stand together, which spares a copy of the keys for each.
        let together = (1, shape.kv_heads, (), shape.head_dim);
        let query = query.to_dtype(DType::F32)?.reshape(together)?;
        let keys = keys.to_dtype(DType::F32)?;
        let values = values.to_dtype(DType::F32)?;
        let all = keys.dim(2)?;
        let scores = (query.matmul(&keys.t()?)? / (shape.head_dim as f64).sqrt())?.reshape((
            1,
            shape.heads,
            tokens,
            all,
        ))?;
        let scores = match &reading.mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let shares = softmax_last_dim(&scores)?.reshape((1, shape.kv_heads, (), all))?;
        let attended = shares
            .matmul(&values)?
            .reshape((1, shape.heads, tokens, shape.head_dim))?
            .transpose(1, 2)?
            .reshape((1, tokens, shape.heads * shape.head_dim))?
            .to_dtype(x.dtype())?;
        self.output.forward(&attended)
    }
}
