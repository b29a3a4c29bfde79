//! `config.json`: the shape of the model.
//!
//! transformers leaves out what equals its classes' defaults, so those defaults hold here too.

use candle_transformers::models::llama::{Llama3RopeConfig, Llama3RopeType};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ModelError;
use super::folder::Folder;

/// The largest size that any dimension may claim: a damaged file must not make anything overflow.
const LARGEST: usize = 1 << 24;

#[derive(Debug, Clone)]
pub struct Config {
    pub text: TextConfig,
    pub vision: VisionConfig,
    pub image_token: u32,
    pub projector_act: ProjectorAct,
    pub projector_bias: bool,
    /// How many of the tower's layers run: the features are what the last of them yields.
    pub feature_layers: usize,
    /// Whether the class token is among the features.
    pub keep_class_token: bool,
    /// Tokens that end an answer.
    pub eos: Vec<u32>,
}

impl Config {
    /// How many tokens the tower makes of an image.
    pub fn tokens_per_image(&self) -> usize {
        self.vision.patches() + usize::from(self.keep_class_token)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectorAct {
    Gelu,
    GeluTanh,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct VisionConfig {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    #[serde(deserialize_with = "side")]
    pub image_size: usize,
    #[serde(deserialize_with = "side")]
    pub patch_size: usize,
    pub num_channels: usize,
    pub model_type: String,
    pub hidden_act: String,
    pub layer_norm_eps: f64,
}

impl VisionConfig {
    pub fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }
}

/// `CLIPVisionConfig`'s.
impl Default for VisionConfig {
    fn default() -> VisionConfig {
        VisionConfig {
            hidden_size: 768,
            intermediate_size: 3072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            image_size: 224,
            patch_size: 32,
            num_channels: 3,
            model_type: "clip_vision_model".into(),
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
        }
    }
}

/// What `LlavaConfig` takes when there is no `vision_config` at all: CLIP ViT-L/14 at 336.
pub fn vit_large_336() -> VisionConfig {
    VisionConfig {
        hidden_size: 1024,
        intermediate_size: 4096,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        image_size: 336,
        patch_size: 14,
        ..VisionConfig::default()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct TextConfig {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub num_key_value_heads: Option<usize>,
    pub head_dim: Option<usize>,
    pub max_position_embeddings: usize,
    pub rms_norm_eps: f64,
    pub tie_word_embeddings: bool,
    pub model_type: String,
    pub hidden_act: String,
    pub attention_bias: bool,
    pub mlp_bias: bool,
    pub eos_token_id: Option<Tokens>,
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
        let nested = self
            .rope_parameters
            .as_ref()
            .and_then(|rope| rope.rope_theta);
        nested.or(self.rope_theta).unwrap_or(10_000.0)
    }

    /// `None` for plain RoPE; `Err` names what candle's Llama does not do.
    pub fn rope_scaling(&self) -> Result<Option<Llama3RopeConfig>, String> {
        let Some(rope) = self.rope_parameters.as_ref().or(self.rope_scaling.as_ref()) else {
            return Ok(None);
        };
        match rope.rope_type.as_deref().or(rope.kind.as_deref()) {
            None | Some("default") => Ok(None),
            Some("llama3") => match (
                rope.factor,
                rope.low_freq_factor,
                rope.high_freq_factor,
                rope.original_max_position_embeddings,
            ) {
                (Some(factor), Some(low), Some(high), Some(original)) => {
                    Ok(Some(Llama3RopeConfig {
                        factor,
                        low_freq_factor: low,
                        high_freq_factor: high,
                        original_max_position_embeddings: original,
                        rope_type: Llama3RopeType::Llama3,
                    }))
                }
                _ => Err("a RoPE scaling \"llama3\" without all its factors".into()),
            },
            Some(other) => Err(format!("the RoPE scaling {other:?}")),
        }
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

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Tokens {
    One(u32),
    Many(Vec<u32>),
}

impl Tokens {
    fn list(self) -> Vec<u32> {
        match self {
            Tokens::One(token) => vec![token],
            Tokens::Many(tokens) => tokens,
        }
    }
}

/// A side in pixels, which may be written as a square's two.
fn side<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Side {
        One(usize),
        Two([usize; 2]),
    }
    match Side::deserialize(deserializer)? {
        Side::One(side) => Ok(side),
        Side::Two([height, width]) if height == width => Ok(height),
        Side::Two(_) => Err(serde::de::Error::custom("a side that is not a square's")),
    }
}

#[derive(Deserialize)]
struct Outer {
    model_type: Option<String>,
    text_config: Option<Value>,
    vision_config: Option<Value>,
    image_token_index: Option<u32>,
    image_token_id: Option<u32>,
    vision_feature_layer: Option<Value>,
    vision_feature_select_strategy: Option<String>,
    projector_hidden_act: Option<String>,
    multimodal_projector_bias: Option<bool>,
    tie_word_embeddings: Option<bool>,
    eos_token_id: Option<Tokens>,
    quantization_config: Option<Value>,
}

#[derive(Deserialize)]
struct GenerationFile {
    eos_token_id: Option<Tokens>,
}

const FILE: &str = "config.json";

/// Reads `config.json` (and the EOS tokens of `generation_config.json`) and refuses what is
/// inconsistent or not LLaVA-1.5.
pub fn read(folder: &Folder) -> Result<Config, ModelError> {
    let outer: Outer = folder
        .json(FILE)?
        .ok_or_else(|| folder.missing(FILE, "give the folder that holds the model's files"))?;
    let unsupported = |what: String| ModelError::Unsupported {
        path: folder.file(FILE),
        what,
    };
    match outer.model_type.as_deref() {
        Some("llava") => {}
        Some(other) => return Err(unsupported(format!("the architecture {other:?}"))),
        None => return Err(bad(folder, "no model_type".into())),
    }
    if outer.quantization_config.is_some() {
        return Err(unsupported("quantised weights".into()));
    }
    let vision = match outer.vision_config {
        Some(value) => section(folder, "vision_config", value)?,
        None => vit_large_336(),
    };
    let mut text: TextConfig = match outer.text_config {
        Some(value) => section(folder, "text_config", value)?,
        None => TextConfig::default(),
    };
    text.tie_word_embeddings |= outer.tie_word_embeddings.unwrap_or(false);
    check_vision(folder, &vision)?;
    check_text(folder, &text)?;

    let projector_act = match outer.projector_hidden_act.as_deref().unwrap_or("gelu") {
        "gelu" => ProjectorAct::Gelu,
        "gelu_new" | "gelu_pytorch_tanh" => ProjectorAct::GeluTanh,
        other => return Err(unsupported(format!("the projector activation {other:?}"))),
    };
    let strategy = outer.vision_feature_select_strategy;
    let keep_class_token = match strategy.as_deref().unwrap_or("default") {
        "default" => false,
        "full" => true,
        other => return Err(unsupported(format!("the feature selection {other:?}"))),
    };
    let generation: Option<GenerationFile> = folder.json("generation_config.json")?;
    let eos = generation
        .and_then(|file| file.eos_token_id)
        .or(outer.eos_token_id)
        .or(text.eos_token_id.clone())
        .map_or_else(|| vec![2], Tokens::list);
    Ok(Config {
        feature_layers: feature_layers(folder, outer.vision_feature_layer, &vision)?,
        image_token: outer
            .image_token_index
            .or(outer.image_token_id)
            .unwrap_or(32_000),
        projector_bias: outer.multimodal_projector_bias.unwrap_or(true),
        text,
        vision,
        projector_act,
        keep_class_token,
        eos,
    })
}

fn bad(folder: &Folder, what: String) -> ModelError {
    ModelError::BadConfig {
        path: folder.file(FILE),
        what,
    }
}

fn section<T: DeserializeOwned>(
    folder: &Folder,
    name: &str,
    value: Value,
) -> Result<T, ModelError> {
    serde_json::from_value(value).map_err(|error| bad(folder, format!("in {name}: {error}")))
}

/// Hidden state 0 is the embeddings', so state `k` takes `k` layers; negative ones count from the end.
fn feature_layers(
    folder: &Folder,
    layer: Option<Value>,
    vision: &VisionConfig,
) -> Result<usize, ModelError> {
    let layer = layer.unwrap_or(Value::from(-2));
    let states = vision.num_hidden_layers as i64 + 1;
    let Some(index) = layer.as_i64() else {
        return Err(ModelError::Unsupported {
            path: folder.file(FILE),
            what: format!("the vision_feature_layer {layer}"),
        });
    };
    let state = if index < 0 { states + index } else { index };
    if !(1..states).contains(&state) {
        let layers = vision.num_hidden_layers;
        return Err(bad(
            folder,
            format!("vision_feature_layer {index} of a tower with {layers} layers"),
        ));
    }
    Ok(state as usize)
}

fn check_vision(folder: &Folder, vision: &VisionConfig) -> Result<(), ModelError> {
    let unsupported = |what: String| ModelError::Unsupported {
        path: folder.file(FILE),
        what,
    };
    if vision.model_type != "clip_vision_model" {
        return Err(unsupported(format!(
            "the vision tower {:?}",
            vision.model_type
        )));
    }
    if vision.hidden_act != "quick_gelu" {
        return Err(unsupported(format!(
            "the tower activation {:?}",
            vision.hidden_act
        )));
    }
    // candle's CLIP has both built in.
    if vision.num_channels != 3 || vision.layer_norm_eps != 1e-5 {
        return Err(unsupported(format!(
            "a tower with {} channels and the layer_norm_eps {}",
            vision.num_channels, vision.layer_norm_eps
        )));
    }
    sizes(
        folder,
        "vision_config",
        &[
            ("hidden_size", vision.hidden_size),
            ("intermediate_size", vision.intermediate_size),
            ("num_attention_heads", vision.num_attention_heads),
            ("image_size", vision.image_size),
            ("patch_size", vision.patch_size),
        ],
    )?;
    layers(folder, "vision_config", vision.num_hidden_layers)?;
    heads(
        folder,
        "vision_config",
        vision.hidden_size,
        vision.num_attention_heads,
    )?;
    if vision.image_size < vision.patch_size || vision.image_size > 16_384 {
        let (image, patch) = (vision.image_size, vision.patch_size);
        return Err(bad(
            folder,
            format!("an image_size of {image} with patches of {patch}"),
        ));
    }
    Ok(())
}

fn check_text(folder: &Folder, text: &TextConfig) -> Result<(), ModelError> {
    let unsupported = |what: String| ModelError::Unsupported {
        path: folder.file(FILE),
        what,
    };
    if text.model_type != "llama" {
        return Err(unsupported(format!(
            "the language model {:?}",
            text.model_type
        )));
    }
    if text.hidden_act != "silu" {
        return Err(unsupported(format!("the activation {:?}", text.hidden_act)));
    }
    if text.attention_bias || text.mlp_bias {
        return Err(unsupported("a Llama with biases".into()));
    }
    sizes(
        folder,
        "text_config",
        &[
            ("vocab_size", text.vocab_size),
            ("hidden_size", text.hidden_size),
            ("intermediate_size", text.intermediate_size),
            ("num_attention_heads", text.num_attention_heads),
            ("num_key_value_heads", text.key_value_heads()),
            ("max_position_embeddings", text.max_position_embeddings),
        ],
    )?;
    layers(folder, "text_config", text.num_hidden_layers)?;
    heads(
        folder,
        "text_config",
        text.hidden_size,
        text.num_attention_heads,
    )?;
    heads(
        folder,
        "text_config",
        text.num_attention_heads,
        text.key_value_heads(),
    )?;
    if text.head_dim.is_some_and(|dim| dim != text.head_dim()) || !text.head_dim().is_multiple_of(2)
    {
        return Err(unsupported(
            "a head_dim other than the even share of hidden_size".into(),
        ));
    }
    text.rope_scaling().map(drop).map_err(unsupported)
}

fn sizes(folder: &Folder, section: &str, sizes: &[(&str, usize)]) -> Result<(), ModelError> {
    for (name, size) in sizes {
        if !(1..=LARGEST).contains(size) {
            return Err(bad(folder, format!("{name} {size} in {section}")));
        }
    }
    Ok(())
}

fn layers(folder: &Folder, section: &str, layers: usize) -> Result<(), ModelError> {
    match layers {
        1..=1000 => Ok(()),
        _ => Err(bad(
            folder,
            format!("num_hidden_layers {layers} in {section}"),
        )),
    }
}

fn heads(folder: &Folder, section: &str, whole: usize, parts: usize) -> Result<(), ModelError> {
    match whole.is_multiple_of(parts) {
        true => Ok(()),
        false => Err(bad(
            folder,
            format!("{whole} shared among {parts} heads in {section}"),
        )),
    }
}
