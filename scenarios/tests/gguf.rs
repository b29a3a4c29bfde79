//! The language model from a GGUF file, as llama.cpp's converter writes it from the same checkpoint.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use common::{Fixture, edit_json, edit_weights, made_up_image, read_weights};
use crashpoint_reports::Class;
use crashpoint_scenarios::model::{
    Checkpoint, Model, Precision, Preset, Quant, Sampling, Source, estimate, resolve_with, tiny,
};
use tempfile::TempDir;

const QUESTION: &str = "What is in the news?";
const GREEDY: Sampling = Sampling {
    max_new_tokens: 8,
    temperature: None,
    top_p: None,
    seed: 0,
};

/// What llama.cpp calls the parts of a layer.
const PARTS: [(&str, &str); 9] = [
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("input_layernorm", "attn_norm"),
    ("post_attention_layernorm", "ffn_norm"),
];

/// A GGUF file in the making.
struct Written {
    metadata: Vec<(String, Value)>,
    tensors: Vec<(String, QTensor)>,
}

/// The language model of a checkpoint in f32, its matrices in this format.
fn convert(folder: &Path, format: GgmlDType) -> Written {
    let config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("config.json")).unwrap()).unwrap();
    let text = &config["text_config"];
    let size = |name: &str| u32::try_from(text[name].as_u64().unwrap()).unwrap();
    let heads = size("num_attention_heads");
    let shared = text["num_key_value_heads"].as_u64();
    let shared = shared.map_or(heads, |heads| u32::try_from(heads).unwrap());
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.block_count", Value::U32(size("num_hidden_layers"))),
        ("llama.attention.head_count", Value::U32(heads)),
        ("llama.attention.head_count_kv", Value::U32(shared)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
    ];
    let mut tensors = Vec::new();
    for stored in read_weights(folder) {
        let Some(name) = stored.name.strip_prefix("language_model.") else {
            continue;
        };
        let weight =
            Tensor::from_raw_buffer(&stored.bytes, DType::F32, &stored.shape, &Device::Cpu);
        let mut weight = weight.unwrap();
        if name.contains("q_proj") {
            weight = permute(&weight, heads as usize);
        } else if name.contains("k_proj") {
            weight = permute(&weight, shared as usize);
        }
        let format = match stored.shape.len() {
            1 => GgmlDType::F32,
            _ => format,
        };
        tensors.push((there(name), QTensor::quantize(&weight, format).unwrap()));
    }
    Written {
        metadata: metadata
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        tensors,
    }
}

fn there(name: &str) -> String {
    match name {
        "lm_head.weight" => return "output.weight".into(),
        "model.embed_tokens.weight" => return "token_embd.weight".into(),
        "model.norm.weight" => return "output_norm.weight".into(),
        _ => {}
    }
    let mut name = name.replace("model.layers.", "blk.");
    for (here, there) in PARTS {
        name = name.replace(here, there);
    }
    name
}

/// As llama.cpp's converter does it for the rotary embedding.
fn permute(weight: &Tensor, heads: usize) -> Tensor {
    let (rows, row) = weight.dims2().unwrap();
    weight
        .reshape((heads, 2, rows / heads / 2, row))
        .and_then(|halves| halves.transpose(1, 2)?.contiguous()?.reshape((rows, row)))
        .unwrap()
}

impl Written {
    fn set(&mut self, name: &str, value: Value) {
        self.metadata.retain(|(known, _)| known != name);
        self.metadata.push((name.to_owned(), value));
    }

    fn find(&mut self, name: &str) -> &mut QTensor {
        let mut tensors = self.tensors.iter_mut();
        &mut tensors.find(|(known, _)| known == name).unwrap().1
    }

    fn to(&self, path: &Path) {
        let metadata = self.metadata.iter();
        let metadata: Vec<_> = metadata
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        let tensors = self.tensors.iter();
        let tensors: Vec<_> = tensors
            .map(|(name, tensor)| (name.as_str(), tensor))
            .collect();
        gguf_file::write(&mut File::create(path).unwrap(), &metadata, &tensors).unwrap();
    }
}

fn tiny_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    folder
}

/// The file stands in the checkpoint's folder, where nothing reads it by itself.
fn beside(folder: &Path, written: &Written) -> PathBuf {
    let path = folder.join("language.gguf");
    written.to(&path);
    path
}

/// The logits after the prompt, and the tokens of the answer.
fn answer(checkpoint: &Checkpoint, precision: impl Into<Precision>) -> (Vec<f32>, Vec<u32>) {
    let model = Model::load(checkpoint, &Device::Cpu, precision).unwrap();
    let pixels = model.preprocess(&made_up_image(300, 200)).unwrap();
    let features = model.see(&pixels).unwrap();
    let prompt = model.prompt(QUESTION, 1).unwrap();
    let mut generation = model.prefill(&prompt, &features, &GREEDY).unwrap();
    let logits = generation.logits().unwrap().to_vec1().unwrap();
    while generation.next_token().unwrap().is_some() {}
    (logits, generation.finish().unwrap().tokens)
}

#[test]
fn unquantised_it_is_the_same_model() {
    // Its heads share keys, two and two.
    let fixture = Fixture::copy();
    let tiny = tiny_folder();
    for folder in [fixture.path(), tiny.path()] {
        let path = beside(folder, &convert(folder, GgmlDType::F32));
        let whole = Checkpoint::open(folder).unwrap();
        let both = Checkpoint::open_with(folder, Some(&path)).unwrap();
        assert_eq!(answer(&whole, DType::F32), answer(&both, DType::F32));
    }
}

#[test]
fn quantised_it_is_what_quantising_the_checkpoint_gives() {
    let folder = tiny_folder();
    let mut written = convert(folder.path(), GgmlDType::Q8_0);
    let embedding = convert(folder.path(), GgmlDType::F32).tensors;
    let embedding = embedding
        .into_iter()
        .find(|(name, _)| name == "token_embd.weight");
    *written.find("token_embd.weight") = embedding.unwrap().1;
    let path = beside(folder.path(), &written);
    let there = Checkpoint::open_with(folder.path(), Some(&path)).unwrap();
    let here = Checkpoint::open(folder.path()).unwrap();
    let precision = Precision {
        dtype: DType::F32,
        quant: Some(Quant::Q8_0),
    };
    assert_eq!(answer(&here, precision), answer(&there, DType::F32));
    let estimated = [
        estimate(&here, precision, QUESTION, &GREEDY),
        estimate(&there, DType::F32, QUESTION, &GREEDY),
    ];
    let [here, there] = estimated.map(|estimate| estimate.unwrap().weights_bytes);
    assert_eq!(here, there);
}

#[test]
fn a_quantised_embedding_is_widened() {
    let folder = tiny_folder();
    let path = beside(folder.path(), &convert(folder.path(), GgmlDType::Q4_0));
    let checkpoint = Checkpoint::open_with(folder.path(), Some(&path)).unwrap();
    let (logits, tokens) = answer(&checkpoint, DType::F16);
    assert_eq!(tokens.len(), 8);
    assert!(logits.iter().all(|logit| logit.is_finite()));
}

#[test]
fn the_folder_need_not_have_a_language_model_of_its_own() {
    let folder = tiny_folder();
    let path = beside(folder.path(), &convert(folder.path(), GgmlDType::F32));
    let wanted = answer(&Checkpoint::open(folder.path()).unwrap(), DType::F32);
    edit_weights(folder.path(), |tensors| {
        tensors.retain(|tensor| !tensor.name.starts_with("language_model"));
    });
    Checkpoint::open(folder.path()).unwrap_err();
    let checkpoint = Checkpoint::open_with(folder.path(), Some(&path)).unwrap();
    assert_eq!(answer(&checkpoint, DType::F32), wanted);
}

#[test]
fn without_a_head_the_embedding_is_it() {
    let folder = tiny_folder();
    let mut written = convert(folder.path(), GgmlDType::Q8_0);
    written.tensors.retain(|(name, _)| name != "output.weight");
    let path = beside(folder.path(), &written);
    let checkpoint = Checkpoint::open_with(folder.path(), Some(&path)).unwrap();
    let model = Model::load(&checkpoint, &Device::Cpu, DType::F32).unwrap();
    assert_eq!(model.products().0["q8_0"].tensors, 3 * 7 + 1);
}

#[test]
fn a_vocabulary_without_its_padding_is_taken_as_it_is() {
    let folder = tiny_folder();
    let path = beside(folder.path(), &convert(folder.path(), GgmlDType::F32));
    let wanted = answer(&Checkpoint::open(folder.path()).unwrap(), DType::F32);
    // As the checkpoints on the hub have 32064 for 32000.
    edit_json(folder.path(), "config.json", |config| {
        let size = &mut config["text_config"]["vocab_size"];
        *size = (size.as_u64().unwrap() + 64).into();
    });
    let checkpoint = Checkpoint::open_with(folder.path(), Some(&path)).unwrap();
    assert_eq!(answer(&checkpoint, DType::F32), wanted);
}

#[test]
fn a_preset_refuses_a_file_of_another_size() {
    let folder = tiny_folder();
    let path = beside(folder.path(), &convert(folder.path(), GgmlDType::F32));
    let preset = Source::Synthetic(Preset::Small);
    let refused = resolve_with(&preset, Some(&path)).unwrap_err();
    assert_eq!(refused.class(), Class::ModelFilesBroken);
    assert!(
        refused.to_string().contains("llama.block_count"),
        "{refused}"
    );
}

/// What is said about the tiny model's file after `damage`. It must be one line with all of `says`.
fn refused(class: Class, says: &[&str], damage: impl FnOnce(&mut Written)) {
    let folder = tiny_folder();
    let mut written = convert(folder.path(), GgmlDType::F32);
    damage(&mut written);
    let path = beside(folder.path(), &written);
    refused_file(folder.path(), &path, class, says);
}

fn refused_file(folder: &Path, path: &Path, class: Class, says: &[&str]) {
    let error = Checkpoint::open_with(folder, Some(path)).unwrap_err();
    let message = error.to_string();
    println!("{}: {message}", error.class());
    assert_eq!(error.class(), class, "{message}");
    assert!(!message.contains('\n'), "{message}");
    for part in says.iter().chain(&["language.gguf"]) {
        assert!(message.contains(part), "{message} lacks {part:?}");
    }
}

fn zeros(shape: &[usize]) -> QTensor {
    let zeros = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    QTensor::quantize(&zeros, GgmlDType::F32).unwrap()
}

#[test]
fn what_belongs_to_another_model_is_refused() {
    let broken = Class::ModelFilesBroken;
    refused(broken, &["architecture is \"qwen2\""], |written| {
        written.set("general.architecture", Value::String("qwen2".into()));
    });
    refused(broken, &["does not say which architecture"], |written| {
        written.metadata.clear();
    });
    refused(broken, &["one of 2 parts"], |written| {
        written.set("split.count", Value::U16(2));
    });
    refused(broken, &["head_count is 8", "wants 4"], |written| {
        written.set("llama.attention.head_count", Value::U32(8));
    });
    refused(broken, &["freq_base is 500000"], |written| {
        written.set("llama.rope.freq_base", Value::F32(500_000.0));
    });
    refused(
        broken,
        &["lacks the tensor blk.1.attn_k.weight"],
        |written| {
            written
                .tensors
                .retain(|(name, _)| name != "blk.1.attn_k.weight");
        },
    );
    refused(broken, &["holds the tensor blk.0.attn_q.bias"], |written| {
        written
            .tensors
            .push(("blk.0.attn_q.bias".into(), zeros(&[128])));
    });
    refused(broken, &["blk.0.attn_v.weight", "[64, 128]"], |written| {
        *written.find("blk.0.attn_v.weight") = zeros(&[64, 128]);
    });
    refused(broken, &["it has 100 tokens"], |written| {
        *written.find("token_embd.weight") = zeros(&[100, 128]);
    });
    let unsupported = Class::ModelUnsupported;
    refused(unsupported, &["blk.0.ffn_up.weight", "Q8_1"], |written| {
        let tensor = written.find("blk.0.ffn_up.weight");
        let plain = tensor.dequantize(&Device::Cpu).unwrap();
        *tensor = QTensor::quantize(&plain, GgmlDType::Q8_1).unwrap();
    });
}

#[test]
fn what_is_cut_off_or_no_gguf_at_all_is_refused() {
    let folder = tiny_folder();
    let path = beside(folder.path(), &convert(folder.path(), GgmlDType::Q8_0));
    let whole = fs::read(&path).unwrap();
    let broken = Class::ModelFilesBroken;
    for length in [0, 3, 20, 300] {
        fs::write(&path, &whole[..length]).unwrap();
        refused_file(folder.path(), &path, broken, &["header cannot be read"]);
    }
    fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    refused_file(folder.path(), &path, broken, &["it is cut off"]);
    fs::write(&path, "no model at all, but some text").unwrap();
    refused_file(folder.path(), &path, broken, &["unknown magic"]);
    fs::remove_file(&path).unwrap();
    refused_file(folder.path(), &path, broken, &["failed to read"]);
}
