//! The tiny model: a LLaVA-1.5 checkpoint with seeded weights, written as a Hugging Face folder
//! and read back like any other.
//!
//! Its answers are made of words, depend on the image and mean nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::ModelError;
use super::config;
use super::folder::Folder;
use super::manifest::{self, Expected, Role};
use super::synthetic::{Random, deviation};
use super::weights::SINGLE;

pub const BOS: &str = "<s>";
pub const EOS: &str = "</s>";
pub const IMAGE: &str = "<image>";
const SPECIAL: [&str; 4] = ["<unk>", BOS, EOS, IMAGE];
pub const IMAGE_TOKEN: u32 = 3;
const BYTES: usize = 256;
const FIRST_WORD: usize = SPECIAL.len() + BYTES;

pub const CHAT_TEMPLATE: &str = "\
{% for message in messages %}
{% if message['role'] != 'system' %}
{{ message['role'].upper() + ': ' }}
{%- endif %}
{% for content in message['content'] if content['type'] == 'image' %}
{{ '<image>\\n' }}
{%- endfor %}
{% for content in message['content'] if content['type'] == 'text' %}
{{ content['text'] + ' ' }}
{%- endfor %}
{% endfor %}
{% if add_generation_prompt %}
{{ 'ASSISTANT:' }}
{%- endif %}
";

/// What the model talks about.
const WORDS: &str = "\
the a this page shows with and of in on under above beside over between headline column photo \
picture caption banner chart table map logo menu link button story report news letter paragraph \
title author date city street bridge river harbour train signal station market weather storm \
cloud sun moon rain wind snow field game team score player coach final season ledger number \
price growth loss vote count candidate election mayor council phone screen camera sky watch \
telescope star comet left right top bottom centre small large dark bright blue red green white \
black grey old new first second third two three many few long short wide narrow . , : -";

fn vocabulary() -> usize {
    FIRST_WORD + WORDS.split_whitespace().count()
}

/// A name that changes with anything the folder is made from.
pub fn folder_name() -> String {
    let mut digest = Sha256::new();
    for (name, content) in texts() {
        digest.update(name);
        digest.update(content);
    }
    // To be counted up when the weights are made in another way.
    digest.update("weights 1");
    let digest = format!("{:x}", digest.finalize());
    format!("tiny-{}", &digest[..12])
}

/// Writes the checkpoint into an empty folder.
pub fn write(folder: &Path) -> Result<(), ModelError> {
    let unwritable = |source: io::Error| ModelError::Unwritable {
        path: folder.into(),
        source,
    };
    for (name, content) in texts() {
        fs::write(folder.join(name), content).map_err(unwritable)?;
    }
    let config = config::read(&Folder::open(folder)?)?;
    fs::write(
        folder.join(SINGLE),
        weights(&manifest::of(&config)).map_err(unwritable)?,
    )
    .map_err(unwritable)
}

/// The files beside the weights.
fn texts() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("config.json", config().to_string()),
        (
            "generation_config.json",
            json!({ "bos_token_id": 1, "eos_token_id": 2 }).to_string(),
        ),
        ("preprocessor_config.json", preprocessor().to_string()),
        ("processor_config.json", processor().to_string()),
        ("tokenizer.json", tokenizer().to_string()),
        ("tokenizer_config.json", tokenizer_config().to_string()),
        ("chat_template.jinja", CHAT_TEMPLATE.to_owned()),
    ])
}

fn config() -> Value {
    json!({
        "architectures": ["LlavaForConditionalGeneration"],
        "model_type": "llava",
        "image_token_index": IMAGE_TOKEN,
        "image_seq_length": 64,
        "projector_hidden_act": "gelu",
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
        "dtype": "float32",
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_size": 64,
            "intermediate_size": 256,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "image_size": 112,
            "patch_size": 14,
        },
        "text_config": {
            "model_type": "llama",
            "vocab_size": vocabulary(),
            "hidden_size": 128,
            "intermediate_size": 352,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "max_position_embeddings": 2048,
            "rms_norm_eps": 1e-5,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    })
}

fn preprocessor() -> Value {
    json!({
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": true,
        "do_resize": true,
        "size": { "shortest_edge": 112 },
        "resample": 3,
        "do_center_crop": true,
        "crop_size": { "height": 112, "width": 112 },
        "do_rescale": true,
        "rescale_factor": 1.0 / 255.0,
        "do_normalize": true,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    })
}

fn processor() -> Value {
    json!({
        "processor_class": "LlavaProcessor",
        "image_token": IMAGE,
        "patch_size": 14,
        "num_additional_image_tokens": 1,
        "vision_feature_select_strategy": "default",
    })
}

fn tokenizer_config() -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": SPECIAL[0],
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": EOS,
        "model_max_length": 2048,
        "clean_up_tokenization_spaces": false,
    })
}

/// Every byte is a token. The words are there for answers: nothing is merged into them.
pub fn tokenizer() -> Value {
    let mut vocabulary = Map::new();
    let words = WORDS
        .split_whitespace()
        .map(|word| format!("\u{120}{word}"));
    let tokens = SPECIAL
        .map(str::to_owned)
        .into_iter()
        .chain(byte_tokens())
        .chain(words);
    for (id, token) in tokens.enumerate() {
        vocabulary.insert(token, id.into());
    }
    let special = |(id, token): (usize, &str)| {
        json!({
            "id": id, "content": token, "special": true,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    };
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    });
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": SPECIAL.into_iter().enumerate().map(special).collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": byte_level,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                { "SpecialToken": { "id": BOS, "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
            ],
            "pair": [
                { "SpecialToken": { "id": BOS, "type_id": 0 } },
                { "Sequence": { "id": "A", "type_id": 0 } },
                { "Sequence": { "id": "B", "type_id": 1 } },
            ],
            "special_tokens": { BOS: { "id": BOS, "ids": [1], "tokens": [BOS] } },
        },
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null,
            "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": [],
        },
    })
}

/// The characters that stand for bytes in byte-level BPE: printable ones for themselves, the rest
/// for the characters from U+0100 on, in order.
fn byte_tokens() -> impl Iterator<Item = String> {
    let is_printable = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = '\u{100}'..;
    (0..=255).map(move |byte| match is_printable(byte) {
        true => char::from(byte).to_string(),
        false => others.next().map(String::from).unwrap_or_default(),
    })
}

fn weights(expected: &[Expected]) -> io::Result<Vec<u8>> {
    let mut random = Random::new(20);
    let mut made: Vec<(&str, Vec<usize>, Vec<u8>)> = Vec::new();
    for tensor in expected {
        let values: Vec<f32> = (0..tensor.elements()).map(|_| random.centred()).collect();
        let values = shaped(tensor, values);
        let bytes = values.into_iter().flat_map(f32::to_le_bytes).collect();
        made.push((&tensor.name, tensor.shape.clone(), bytes));
    }
    let views: Vec<(&str, TensorView<'_>)> = made
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(io::Error::other)?;
    let about = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(about)).map_err(io::Error::other)
}

/// The noise, made into what a tensor of this role needs for answers that vary.
fn shaped(tensor: &Expected, mut values: Vec<f32>) -> Vec<f32> {
    let name = tensor.name.as_str();
    let is_norm = name.contains("norm");
    let factor = match tensor.role {
        _ if is_norm => 0.1,
        _ if name.contains("embed") => 1.0,
        Role::Bias => 0.1,
        _ if name.contains("q_proj") || name.contains("k_proj") => 2.0 * deviation(tensor),
        _ => deviation(tensor),
    };
    for value in &mut values {
        *value *= factor;
        if is_norm && name.ends_with(".weight") {
            *value += 1.0;
        }
    }
    if name.ends_with("lm_head.weight") {
        // Only words are ever said: the other tokens' logits are 0, and some word's is above it.
        let spoken = FIRST_WORD * tensor.shape[1];
        values[..spoken].fill(0.0);
    }
    values
}
