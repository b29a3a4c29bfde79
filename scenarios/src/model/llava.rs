//! The model itself: tower, projector and language model on one device.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use image::RgbImage;

use super::config::Config;
use super::generation::{Generation, Sampling};
use super::language::{Language, Weights};
use super::preprocess;
use super::processor::Processor;
use super::products::Products;
use super::projector::Projector;
use super::prompt::{Prompt, Prompter};
use super::splice;
use super::tower::{self, Tower};
use super::{Checkpoint, ModelError, Precision};

#[derive(Debug)]
pub struct Model {
    config: Config,
    processor: Processor,
    prompter: Arc<Prompter>,
    tower: Tower,
    projector: Projector,
    language: Language,
    device: Device,
    dtype: DType,
    products: Products,
}

impl Model {
    /// Reads the weights onto the device.
    pub fn load(
        checkpoint: &Checkpoint,
        device: &Device,
        precision: impl Into<Precision>,
    ) -> Result<Model, ModelError> {
        const DOING: &str = "set up the model";
        let precision = precision.into();
        let dtype = precision.dtype;
        // candle has no such matrix product; better said now than by the first image.
        if device.is_cpu() && !matches!(dtype, DType::F32 | DType::F16 | DType::F64) {
            return Err(ModelError::DtypeOnCpu {
                dtype: dtype.as_str(),
            });
        }
        let config = checkpoint.config.clone();
        let mut loaded = checkpoint
            .weights
            .load(&checkpoint.tensors, device, precision)?;
        let products = Products::of(&checkpoint.tensors, &loaded);
        loaded
            .plain
            .extend(tower::stand_ins(&config, device, dtype).map_err(ModelError::compute(DOING))?);
        let weights = VarBuilder::from_tensors(loaded.plain, dtype, device);
        let of_language = Weights {
            plain: weights.clone(),
            quantised: &loaded.quantised,
        };
        Ok(Model {
            tower: Tower::load(&weights, &config).map_err(ModelError::compute(DOING))?,
            projector: Projector::load(&weights, &config).map_err(ModelError::compute(DOING))?,
            language: Language::load(&of_language, &config.text, dtype)
                .map_err(ModelError::compute(DOING))?,
            processor: checkpoint.processor.clone(),
            prompter: Arc::clone(&checkpoint.prompter),
            device: device.clone(),
            config,
            dtype,
            products,
        })
    }

    /// The weights of the language model's matrix products.
    pub fn products(&self) -> &Products {
        &self.products
    }

    /// Pixels (1, 3, side, side), by the checkpoint's own image processor.
    pub fn preprocess(&self, image: &RgbImage) -> Result<Tensor, ModelError> {
        let side = self.config.vision.image_size;
        preprocess::preprocess(image, &self.processor, side, &self.device, self.dtype)
    }

    /// The question as a structured conversation with `images` image slots, through the
    /// checkpoint's chat template.
    pub fn prompt(&self, question: &str, images: usize) -> Result<Prompt, ModelError> {
        self.prompter.prompt(question, images)
    }

    /// The tower's features (images, tokens, hidden) of pixels.
    pub fn tower(&self, pixels: &Tensor) -> Result<Tensor, ModelError> {
        self.tower
            .forward(pixels)
            .map_err(ModelError::compute("see the image"))
    }

    /// Tower and projector: features (images, tokens, hidden) in the language model's space.
    pub fn see(&self, pixels: &Tensor) -> Result<Tensor, ModelError> {
        self.project(&self.tower(pixels)?)
    }

    /// The tower's features in the language model's space.
    pub fn project(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        self.projector
            .forward(features)
            .map_err(ModelError::compute("project the image's features"))
    }

    /// Reads the prompt with the images' features in its slots. Refuses what the context cannot
    /// hold with all the new tokens that were asked for.
    pub fn prefill(
        &self,
        prompt: &Prompt,
        features: &Tensor,
        sampling: &Sampling,
    ) -> Result<Generation<'_>, ModelError> {
        let context = self.config.text.max_position_embeddings;
        check_context(prompt.tokens.len(), sampling.max_new_tokens, context)?;
        const DOING: &str = "put the image into the prompt";
        let images = features.dim(0).map_err(ModelError::compute(DOING))?;
        if images != prompt.images {
            return Err(ModelError::Features {
                slots: prompt.images,
                images,
            });
        }
        let image = self.config.image_token;
        let embeddings = splice::splice(&self.language, &prompt.tokens, image, features)
            .map_err(ModelError::compute(DOING))?;
        let (tokens, eos) = (&self.prompter.tokens, &self.config.eos);
        Generation::begin(&self.language, tokens, eos, &embeddings, sampling)
    }
}

/// candle's Llama would run past the end of its position tables.
pub fn check_context(prompt: usize, new: usize, context: usize) -> Result<(), ModelError> {
    match prompt.saturating_add(new) > context {
        true => Err(ModelError::ContextOverflow {
            prompt,
            new,
            context,
        }),
        false => Ok(()),
    }
}
