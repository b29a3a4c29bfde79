//! `config.json`: the shape of the model.
//!
//! transformers leaves out what equals its classes' defaults, so those defaults hold here too.

mod check;
mod text;
mod vision;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ModelError;
use super::folder::Folder;

pub use text::{TextConfig, TokenIds};
pub use vision::{VisionConfig, vit_large_336};

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

/// Why a configuration is refused; the file's name is added where it is known.
#[derive(Debug)]
enum Refusal {
    Bad(String),
    Unsupported(String),
    IntegerDtype(String),
}

impl Refusal {
    fn bad<T>(what: String) -> Result<T, Refusal> {
        Err(Refusal::Bad(what))
    }

    fn unsupported<T>(what: String) -> Result<T, Refusal> {
        Err(Refusal::Unsupported(what))
    }
}

/// The keys at the top. Unknown ones do not matter.
#[derive(Deserialize)]
struct File {
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
    eos_token_id: Option<TokenIds>,
    quantization_config: Option<Value>,
    dtype: Option<Value>,
    torch_dtype: Option<Value>,
}

#[derive(Deserialize)]
struct GenerationFile {
    eos_token_id: Option<TokenIds>,
}

const FILE: &str = "config.json";
const GENERATION_FILE: &str = "generation_config.json";

/// Reads `config.json` (and the EOS tokens of `generation_config.json`) and refuses what is
/// inconsistent or not LLaVA-1.5.
pub fn read(folder: &Folder) -> Result<Config, ModelError> {
    let file: File = folder
        .json(FILE)?
        .ok_or_else(|| folder.missing(FILE, "give the folder that holds the model's files"))?;
    let generation: Option<GenerationFile> = folder.json(GENERATION_FILE)?;
    let path = folder.file(FILE);
    understand(file, generation.and_then(|file| file.eos_token_id)).map_err(|refusal| match refusal
    {
        Refusal::Bad(what) => ModelError::BadConfig { path, what },
        Refusal::Unsupported(what) => ModelError::Unsupported { path, what },
        Refusal::IntegerDtype(dtype) => ModelError::IntegerDtype { path, dtype },
    })
}

/// The type's name if it is an integer's: transformers refuses to load a model in one.
fn integer(dtype: &Value) -> Option<&str> {
    let name = dtype.as_str()?;
    let bare = name.strip_prefix("torch.").unwrap_or(name);
    let bits = bare.strip_prefix('u').unwrap_or(bare).strip_prefix("int")?;
    bits.bytes()
        .all(|digit| digit.is_ascii_digit())
        .then_some(name)
}

fn understand(file: File, eos: Option<TokenIds>) -> Result<Config, Refusal> {
    match file.model_type.as_deref() {
        Some("llava") => {}
        Some(other) => return Refusal::unsupported(format!("the architecture {other:?}")),
        None => return Refusal::bad("no model_type".into()),
    }
    if file.quantization_config.is_some() {
        return Refusal::unsupported("quantised weights".into());
    }
    let dtypes = [&file.dtype, &file.torch_dtype];
    if let Some(dtype) = dtypes.into_iter().flatten().find_map(integer) {
        return Err(Refusal::IntegerDtype(dtype.to_owned()));
    }
    let vision: VisionConfig = match file.vision_config {
        Some(value) => section("vision_config", value)?,
        None => vit_large_336(),
    };
    let mut text: TextConfig = match file.text_config {
        Some(value) => section("text_config", value)?,
        None => TextConfig::default(),
    };
    text.tie_word_embeddings |= file.tie_word_embeddings.unwrap_or(false);
    vision.check()?;
    text.check()?;

    let projector_act = match file.projector_hidden_act.as_deref().unwrap_or("gelu") {
        "gelu" => ProjectorAct::Gelu,
        "gelu_new" | "gelu_pytorch_tanh" => ProjectorAct::GeluTanh,
        other => return Refusal::unsupported(format!("the projector activation {other:?}")),
    };
    let strategy = file.vision_feature_select_strategy;
    let keep_class_token = match strategy.as_deref().unwrap_or("default") {
        "default" => false,
        "full" => true,
        other => return Refusal::unsupported(format!("the feature selection {other:?}")),
    };
    let eos = eos
        .or(file.eos_token_id)
        .or_else(|| text.eos_token_id.clone());
    Ok(Config {
        feature_layers: feature_layers(file.vision_feature_layer, &vision)?,
        image_token: file
            .image_token_index
            .or(file.image_token_id)
            .unwrap_or(32_000),
        projector_bias: file.multimodal_projector_bias.unwrap_or(true),
        eos: eos.map_or_else(|| vec![2], TokenIds::list),
        text,
        vision,
        projector_act,
        keep_class_token,
    })
}

fn section<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal::Bad(format!("in {name}: {error}")))
}

/// Hidden state 0 is the embeddings', so state `k` takes `k` layers; negative ones count from the
/// end.
fn feature_layers(layer: Option<Value>, vision: &VisionConfig) -> Result<usize, Refusal> {
    let layer = layer.unwrap_or(Value::from(-2));
    let Some(index) = layer.as_i64() else {
        return Refusal::unsupported(format!("the vision_feature_layer {layer}"));
    };
    let states = vision.num_hidden_layers as i64 + 1;
    let state = if index < 0 {
        states.saturating_add(index)
    } else {
        index
    };
    if !(1..states).contains(&state) {
        let layers = vision.num_hidden_layers;
        return Refusal::bad(format!(
            "vision_feature_layer {index} of a tower with {layers} layers"
        ));
    }
    Ok(state as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(config: Value) -> Result<Config, Refusal> {
        understand(serde_json::from_value(config).unwrap(), None)
    }

    #[test]
    fn a_config_that_says_nothing_is_llava_1_5_7b() {
        let config = read(json!({ "model_type": "llava" })).unwrap();
        assert_eq!(config.tokens_per_image(), 576);
        assert_eq!(config.feature_layers, 23);
        assert_eq!(config.image_token, 32_000);
        assert_eq!(config.eos, [2]);
        assert_eq!(
            (config.text.hidden_size, config.text.max_position_embeddings),
            (4096, 2048)
        );
        assert_eq!(config.text.rope_theta(), 10_000.0);
        assert!(config.projector_bias && !config.keep_class_token);
    }

    #[test]
    fn what_a_section_leaves_out_is_its_classes_default() {
        let config = read(json!({
            "model_type": "llava",
            "vision_config": { "image_size": [224, 224] },
            "text_config": { "vocab_size": 32064, "rope_scaling": null, "eos_token_id": [2, 7] },
            "vision_feature_select_strategy": "full",
            "vision_feature_layer": -1,
        }))
        .unwrap();
        assert_eq!(
            (config.vision.hidden_size, config.vision.patch_size),
            (768, 32)
        );
        assert_eq!(config.tokens_per_image(), 50);
        assert_eq!(config.feature_layers, 12);
        assert_eq!(config.eos, [2, 7]);
    }

    #[test]
    fn rope_is_found_where_either_version_writes_it() {
        for text in [
            json!({ "rope_theta": 500_000.0, "rope_scaling": {
                "type": "llama3", "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192 } }),
            json!({ "rope_parameters": {
                "rope_theta": 500_000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192 } }),
        ] {
            let config = read(json!({ "model_type": "llava", "text_config": text })).unwrap();
            assert_eq!(config.text.rope_theta(), 500_000.0);
            assert_eq!(config.text.rope_scaling().unwrap().unwrap().factor, 8.0);
        }
    }

    #[test]
    fn what_is_not_llava_1_5_is_unsupported() {
        for config in [
            json!({ "model_type": "llava_next" }),
            json!({ "model_type": "llava", "quantization_config": { "load_in_4bit": true } }),
            json!({ "model_type": "llava", "vision_config": { "model_type": "siglip_vision_model" } }),
            json!({ "model_type": "llava", "vision_config": { "hidden_act": "gelu" } }),
            json!({ "model_type": "llava", "text_config": { "model_type": "mistral" } }),
            json!({ "model_type": "llava", "text_config": { "attention_bias": true } }),
            json!({ "model_type": "llava", "text_config": { "head_dim": 64 } }),
            json!({ "model_type": "llava", "text_config": { "rope_scaling": { "type": "linear", "factor": 2.0 } } }),
            json!({ "model_type": "llava", "vision_feature_layer": [-2, -5] }),
            json!({ "model_type": "llava", "projector_hidden_act": "relu" }),
        ] {
            let refused = read(config.clone());
            assert!(
                matches!(refused, Err(Refusal::Unsupported(_))),
                "{config}: {refused:?}"
            );
        }
    }

    #[test]
    fn an_integer_is_no_dtype_to_load_in() {
        for (dtype, is_integer) in [
            ("int8", true),
            ("torch.uint8", true),
            ("int64", true),
            ("float16", false),
            ("bfloat16", false),
            ("auto", false),
        ] {
            for key in ["dtype", "torch_dtype"] {
                let refused = read(json!({ "model_type": "llava", key: dtype }));
                let by_dtype = matches!(refused, Err(Refusal::IntegerDtype(_)));
                assert_eq!(by_dtype, is_integer, "{key} {dtype}: {refused:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for config in [
            json!({}),
            json!({ "model_type": "llava", "text_config": { "num_attention_heads": 0 } }),
            json!({ "model_type": "llava", "text_config": { "num_attention_heads": 3 } }),
            json!({ "model_type": "llava", "text_config": { "num_key_value_heads": 5 } }),
            json!({ "model_type": "llava", "text_config": { "num_hidden_layers": 1_000_000 } }),
            json!({ "model_type": "llava", "text_config": { "vocab_size": "many" } }),
            json!({ "model_type": "llava", "vision_config": { "patch_size": 0 } }),
            json!({ "model_type": "llava", "vision_config": { "patch_size": 400 } }),
            json!({ "model_type": "llava", "vision_config": { "hidden_size": 1_u64 << 40 } }),
            json!({ "model_type": "llava", "vision_feature_layer": 25 }),
            json!({ "model_type": "llava", "vision_feature_layer": i64::MIN }),
        ] {
            let refused = read(config.clone());
            assert!(
                matches!(refused, Err(Refusal::Bad(_))),
                "{config}: {refused:?}"
            );
        }
    }
}
