//! The tiny model's files beside its weights.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tokenizer::{BOS, EOS, IMAGE, IMAGE_TOKEN, SPECIAL, tokenizer, vocabulary};

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

/// By their names.
pub fn texts() -> BTreeMap<&'static str, String> {
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
