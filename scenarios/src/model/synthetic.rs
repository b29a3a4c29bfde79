//! Presets: made-up weights at real size, made on the device itself, for stress without a
//! download.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Result, Tensor};

use super::config::{Config, ProjectorAct, TextConfig, VisionConfig, vit_large_336};
use super::gguf::Gguf;
use super::manifest::{self, Expected, Role};
use super::prompt::Prompter;
use super::quantise::quantise;
use super::staging::Staging;
use super::template::Template;
use super::tokens::Tokens;
use super::weights::{Base, Values, Weights};
use super::{Checkpoint, ModelError, processor, tiny};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Fits anywhere: about 60 million weights.
    Small,
    Llava15_7b,
    Llava15_13b,
}

impl Preset {
    pub const ALL: [Preset; 3] = [Preset::Small, Preset::Llava15_7b, Preset::Llava15_13b];

    fn name(self) -> &'static str {
        match self {
            Preset::Small => "small",
            Preset::Llava15_7b => "llava-1.5-7b",
            Preset::Llava15_13b => "llava-1.5-13b",
        }
    }

    fn config(self) -> Config {
        let vicuna = TextConfig {
            vocab_size: 32_064,
            max_position_embeddings: 4096,
            rms_norm_eps: 1e-5,
            ..TextConfig::default()
        };
        let (vision, text) = match self {
            Preset::Small => (
                VisionConfig {
                    hidden_size: 256,
                    intermediate_size: 1024,
                    num_hidden_layers: 6,
                    num_attention_heads: 4,
                    image_size: 336,
                    patch_size: 14,
                    ..VisionConfig::default()
                },
                TextConfig {
                    hidden_size: 512,
                    intermediate_size: 1376,
                    num_hidden_layers: 8,
                    num_attention_heads: 8,
                    ..vicuna
                },
            ),
            Preset::Llava15_7b => (vit_large_336(), vicuna),
            Preset::Llava15_13b => (
                vit_large_336(),
                TextConfig {
                    hidden_size: 5120,
                    intermediate_size: 13_824,
                    num_hidden_layers: 40,
                    num_attention_heads: 40,
                    ..vicuna
                },
            ),
        };
        Config {
            feature_layers: vision.num_hidden_layers - 1,
            image_token: tiny::IMAGE_TOKEN,
            projector_act: ProjectorAct::Gelu,
            projector_bias: true,
            keep_class_token: false,
            // Made-up weights end an answer by chance only; an answer's length is to be chosen.
            eos: Vec::new(),
            vision,
            text,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ModelError;

    fn from_str(name: &str) -> std::result::Result<Preset, ModelError> {
        Preset::ALL
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| ModelError::UnknownPreset {
                name: name.into(),
                known: Preset::ALL.map(|preset| preset.name()).join(", "),
            })
    }
}

/// A preset speaks with the tiny model's tokenizer and chat template.
pub fn checkpoint(
    preset: Preset,
    gguf: Option<&Path>,
) -> std::result::Result<Checkpoint, ModelError> {
    let mut config = preset.config();
    let language = gguf
        .map(|path| Gguf::open(path, &mut config, tiny::vocabulary()))
        .transpose()?;
    let built_in = |file: &str| PathBuf::from(format!("synthetic:{preset}/{file}"));
    let prompter = Prompter {
        template: Template::new(tiny::CHAT_TEMPLATE, built_in("chat_template.jinja"))?,
        tokens: Tokens::new(
            &tiny::tokenizer().to_string(),
            built_in("tokenizer.json"),
            tiny::IMAGE.into(),
            tiny::BOS.into(),
            tiny::EOS.into(),
            &config,
        )?,
        tokens_per_image: config.tokens_per_image(),
    };
    Ok(Checkpoint {
        processor: processor::clip(config.vision.image_size),
        prompter: Arc::new(prompter),
        tensors: manifest::of(&config),
        weights: Weights {
            base: Base::MadeUp,
            language,
        },
        config,
    })
}

/// How many different values there are. Odd, so that no two rows of a matrix are alike.
const NOISE: usize = 1_000_003;

/// Each matrix is a stretch of one sequence of seeded noise, repeated on the device: nothing of a
/// model's size ever exists on the host. What is to be quantised is quantised there row by row.
pub struct MadeUp {
    noise: Vec<f32>,
    on_device: Tensor,
    /// Where in the noise each matrix starts.
    starts: HashMap<String, usize>,
    /// Quantising loses some of these values' precision, not of some finer ones.
    dtype: DType,
}

impl MadeUp {
    pub fn new(
        expected: &[Expected],
        device: &Device,
        dtype: DType,
    ) -> std::result::Result<MadeUp, ModelError> {
        let mut random = Random::new(1);
        let noise: Vec<f32> = (0..NOISE).map(|_| random.centred()).collect();
        let on_device =
            Tensor::new(noise.as_slice(), device).map_err(ModelError::compute(DOING))?;
        let matrices = expected
            .iter()
            .filter(|tensor| matches!(tensor.role, Role::Matrix | Role::Product));
        let starts = matrices
            .map(|tensor| (tensor.name.clone(), (random.next() % NOISE as u64) as usize))
            .collect();
        Ok(MadeUp {
            noise,
            on_device,
            starts,
            dtype,
        })
    }

    fn start(&self, tensor: &Expected) -> usize {
        self.starts.get(&tensor.name).copied().unwrap_or(0)
    }

    fn make(&self, tensor: &Expected, device: &Device, dtype: DType) -> Result<Tensor> {
        let shape = tensor.shape.as_slice();
        match tensor.role {
            Role::Scale => Tensor::ones(shape, dtype, device),
            Role::Bias | Role::Unread => Tensor::zeros(shape, dtype, device),
            Role::Matrix | Role::Product => {
                let noise = scaled(&self.on_device, tensor, dtype)?;
                stretch(&noise, self.start(tensor), tensor.elements() as usize)?.reshape(shape)
            }
        }
    }

    /// All the values that a matrix may have, as f32 on the host.
    fn values(&self, tensor: &Expected) -> Result<Vec<f32>> {
        let noise = Tensor::new(self.noise.as_slice(), &Device::Cpu)?;
        scaled(&noise, tensor, self.dtype)?
            .to_dtype(DType::F32)?
            .to_vec1()
    }
}

const DOING: &str = "make up the weights";

impl Values for MadeUp {
    fn plain(
        &self,
        tensor: &Expected,
        dtype: DType,
        to: &mut Staging<'_>,
    ) -> std::result::Result<Tensor, ModelError> {
        self.make(tensor, to.device(), dtype)
            .map_err(ModelError::compute(DOING))
    }

    fn quantised(
        &self,
        tensor: &Expected,
        format: GgmlDType,
        to: &mut Staging<'_>,
    ) -> std::result::Result<QTensor, ModelError> {
        let noise = self.values(tensor).map_err(ModelError::compute(DOING))?;
        let first = self.start(tensor);
        quantise(tensor, format, to.device(), |start, values| {
            repeat(&noise, (first + start) % NOISE, values)
        })
    }
}

fn scaled(noise: &Tensor, tensor: &Expected, dtype: DType) -> Result<Tensor> {
    (noise * f64::from(deviation(tensor)))?.to_dtype(dtype)
}

/// `length` values of the repeated sequence, from `start` on.
fn stretch(noise: &Tensor, start: usize, length: usize) -> Result<Tensor> {
    let mut parts = Vec::new();
    let (mut from, mut left) = (start, length);
    while left > 0 {
        let part = left.min(NOISE - from);
        parts.push(noise.narrow(0, from, part)?);
        (from, left) = (0, left - part);
    }
    match parts.as_slice() {
        // Not a view: it would keep all of the noise, and begin anywhere.
        [whole] => whole.force_contiguous(),
        _ => Tensor::cat(&parts, 0),
    }
}

/// The same into a place on the host.
fn repeat(noise: &[f32], start: usize, mut values: &mut [f32]) {
    let mut from = start;
    while !values.is_empty() {
        let part = values.len().min(NOISE - from);
        let (now, later) = values.split_at_mut(part);
        now.copy_from_slice(&noise[from..from + part]);
        (from, values) = (0, later);
    }
}

/// Keeps what passes through a matrix about as large as it was.
pub fn deviation(tensor: &Expected) -> f32 {
    let inputs: usize = tensor.shape.iter().skip(1).product();
    1.0 / (inputs as f32).sqrt()
}

/// SplitMix64: small, seeded, the same everywhere.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform, with mean 0 and standard deviation 1.
    pub fn centred(&mut self) -> f32 {
        let unit = (self.next() >> 40) as f32 / (1_u64 << 24) as f32;
        (unit - 0.5) * 12_f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_goes_on_past_the_end_of_the_noise() {
        let noise = Tensor::arange(0u32, NOISE as u32, &Device::Cpu).unwrap();
        let long = stretch(&noise, NOISE - 2, NOISE + 3)
            .unwrap()
            .to_vec1::<u32>()
            .unwrap();
        assert_eq!(long.len(), NOISE + 3);
        assert_eq!(&long[..4], [NOISE as u32 - 2, NOISE as u32 - 1, 0, 1]);
        assert_eq!(long[NOISE + 2], 0);
    }

    #[test]
    fn quantised_the_values_are_the_same_but_for_the_blocks_steps() {
        let matrix = Expected {
            name: "matrix".into(),
            // It goes on past the end of the noise.
            shape: vec![4000, 256],
            role: Role::Product,
        };
        let made_up = MadeUp::new(std::slice::from_ref(&matrix), &Device::Cpu, DType::F16).unwrap();
        let mut to = Staging::new(&Device::Cpu);
        let exact = made_up.plain(&matrix, DType::F32, &mut to).unwrap();
        let largest = exact.abs().unwrap().max_all().unwrap();
        let largest = largest.to_scalar::<f32>().unwrap();
        for (format, steps) in [(GgmlDType::Q8_0, 127.0), (GgmlDType::Q4K, 7.5)] {
            let near = made_up.quantised(&matrix, format, &mut to).unwrap();
            let near = near.dequantize(&Device::Cpu).unwrap();
            let off = (&exact - near).unwrap().abs().unwrap().max_all().unwrap();
            let off = off.to_scalar::<f32>().unwrap();
            assert!(
                (0.4..1.2).contains(&(off / (largest / steps))),
                "{format:?}: {off}"
            );
        }
    }

    #[test]
    fn the_presets_have_their_models_size() {
        let billions = |preset: Preset| {
            let count: u64 = manifest::of(&preset.config())
                .iter()
                .map(Expected::elements)
                .sum();
            count as f64 / 1e9
        };
        assert!((billions(Preset::Llava15_7b) - 7.06).abs() < 0.02);
        assert!((billions(Preset::Llava15_13b) - 13.35).abs() < 0.02);
        assert!(billions(Preset::Small) < 0.08);
    }
}
