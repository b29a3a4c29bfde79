//! The language model: a Llama that reads embeddings, so that an image can stand between the words,
//! and whose weights may be quantised. candle's own takes either the one or the other.

mod attention;
mod cache;
mod layer;
mod linear;
mod mlp;
mod rope;
mod shape;
mod weights;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{Module, RmsNorm};

use super::config::TextConfig;
use super::manifest::LANGUAGE;
pub use attention::Attention;
use attention::Reading;
pub use cache::{Context, KvCache};
pub use layer::Layer;
pub use linear::Linear;
pub use mlp::Mlp;
pub use rope::Rope;
pub use shape::Shape;
pub use weights::Weights;

#[derive(Debug)]
pub struct Language {
    pub shape: Shape,
    /// (vocabulary, hidden)
    pub embedding: Tensor,
    pub layers: Vec<Layer>,
    pub norm: RmsNorm,
    pub head: Linear,
    pub rope: Rope,
    pub device: Device,
    /// Of everything but the weights of matrix products, which may be quantised.
    pub dtype: DType,
}

impl Language {
    /// `weights` must hold every tensor in its right shape.
    pub fn load(weights: &Weights<'_>, text: &TextConfig, dtype: DType) -> Result<Language> {
        let shape = Shape::of(text);
        let device = weights.plain.device().clone();
        let weights = weights.pp(LANGUAGE);
        let model = weights.pp("model");
        let embedding = model
            .plain
            .pp("embed_tokens")
            .get((shape.vocabulary, shape.hidden), "weight")?;
        let head = weights.pp("lm_head");
        let head = match text.tie_word_embeddings && head.product().is_none() {
            true => Linear::plain(embedding.clone()),
            false => Linear::load(&head, shape.vocabulary, shape.hidden)?,
        };
        let layers = (0..text.num_hidden_layers)
            .map(|index| Layer::load(&model.pp("layers").pp(index), &shape))
            .collect::<Result<_>>()?;
        Ok(Language {
            layers,
            norm: candle_nn::rms_norm(shape.hidden, shape.eps, model.plain.pp("norm"))?,
            rope: Rope::new(text, dtype, &device)?,
            shape,
            embedding,
            head,
            device,
            dtype,
        })
    }

    /// A context with nothing in it and room for `capacity` tokens.
    pub fn begin(&self, capacity: usize) -> Result<Context> {
        Context::new(
            &self.shape,
            self.layers.len(),
            capacity,
            self.dtype,
            &self.device,
        )
    }

    /// The embeddings of `tokens`: (1, tokens, hidden).
    pub fn embed(&self, tokens: &[u32]) -> Result<Tensor> {
        let tokens = Tensor::new(tokens, &self.device)?;
        self.embedding.index_select(&tokens, 0)?.unsqueeze(0)
    }

    /// Reads embeddings (1, tokens, hidden) on top of the context: the logits after the last,
    /// (vocabulary), as f32.
    pub fn forward(&self, embeddings: &Tensor, context: &mut Context) -> Result<Tensor> {
        let (_, tokens, _) = embeddings.dims3()?;
        let reading = Reading::new(&self.rope, context.position, tokens, &self.device)?;
        let mut x = embeddings.clone();
        for (layer, cache) in self.layers.iter().zip(&context.caches) {
            x = layer.forward(&x, &self.shape, &reading, cache)?;
        }
        context.position += tokens;
        let last = x.narrow(1, tokens - 1, 1)?.contiguous()?;
        let logits = self.head.forward(&self.norm.forward(&last)?)?;
        logits.flatten_all()?.to_dtype(DType::F32)
    }
}
