//! Every rule for a model's folder, broken into a sound one and found there, and a change beside it
//! that is none and is left alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crashpoint_reports::lint::Finding;
use crashpoint_scenarios::model::tiny;
use crashpoint_scenarios::preflight;
use serde_json::{Value, json};

type Change = Box<dyn Fn(&Path)>;

/// In a JSON file, one value; written a key a line.
fn set(file: &'static str, pointer: &'static str, value: Value) -> Change {
    Box::new(move |folder| {
        let path = folder.join(file);
        let mut json: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match &value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value.clone()),
        };
        fs::write(path, serde_json::to_string_pretty(&json).unwrap()).unwrap();
    })
}

fn write(file: &'static str, text: &'static str) -> Change {
    Box::new(move |folder| fs::write(folder.join(file), text).unwrap())
}

fn remove(file: &'static str) -> Change {
    Box::new(move |folder| fs::remove_file(folder.join(file)).unwrap())
}

const WEIGHTS: &str = "model.safetensors";

fn weights(change: fn(&mut Vec<u8>)) -> Change {
    Box::new(move |folder| {
        let path = folder.join(WEIGHTS);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    })
}

fn first_i32(bytes: &mut [u8]) {
    let at = bytes.windows(3).position(|it| it == b"F32").unwrap();
    bytes[at] = b'I';
}

struct Pair {
    rule: &'static str,
    breaks: Change,
    /// The key at whose line it must be found; empty: line 1.
    key: &'static str,
    beside: Change,
}

fn config(pointer: &'static str, value: Value) -> Change {
    set("config.json", pointer, value)
}

const ONE_SLOT: &str = "USER: <image>\n{{ messages[0].content[-1].text }} ASSISTANT:";
const EACH_A_SLOT: &str = "{% for part in messages[0].content %}{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %} ASSISTANT:";

fn pairs() -> Vec<Pair> {
    let quantised = |options| config("/quantization_config", options);
    vec![
        Pair {
            rule: "model-integer-dtype",
            breaks: config("/torch_dtype", json!("int8")),
            key: "torch_dtype",
            beside: config("/torch_dtype", json!("bfloat16")),
        },
        Pair {
            rule: "model-quantisation-both",
            breaks: quantised(json!({ "load_in_8bit": true, "load_in_4bit": true })),
            key: "load_in_4bit",
            beside: quantised(json!({ "load_in_8bit": true, "load_in_4bit": false })),
        },
        Pair {
            rule: "model-quantisation-unknown",
            breaks: quantised(json!({ "load_in_8bit": true, "bnb_8bit_compute_dtype": "float16" })),
            key: "bnb_8bit_compute_dtype",
            beside: quantised(json!({ "quant_method": "awq", "bits": 4, "group_size": 128 })),
        },
        Pair {
            rule: "model-quantisation-unused",
            breaks: quantised(json!({ "load_in_8bit": true, "bnb_4bit_use_double_quant": true })),
            key: "bnb_4bit_use_double_quant",
            beside: quantised(
                json!({ "load_in_8bit": true, "bnb_4bit_use_double_quant": false, "bnb_4bit_quant_type": "fp4" }),
            ),
        },
        Pair {
            rule: "model-file-missing",
            breaks: remove("tokenizer.json"),
            key: "",
            beside: remove("generation_config.json"),
        },
        Pair {
            rule: "model-file-damaged",
            breaks: weights(|bytes| bytes.truncate(bytes.len() - 10)),
            key: "",
            beside: write("model.safetensors.part", "half of it"),
        },
        Pair {
            rule: "model-not-json",
            breaks: write("tokenizer_config.json", "{\"bos_token\": \"<s>\","),
            key: "",
            beside: write(
                "tokenizer_config.json",
                "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}\n\n",
            ),
        },
        Pair {
            rule: "model-config-impossible",
            breaks: config("/text_config/num_attention_heads", json!(3)),
            key: "text_config",
            beside: config("/text_config/num_key_value_heads", json!(4)),
        },
        Pair {
            rule: "model-unsupported",
            breaks: config("/model_type", json!("llava_next")),
            key: "model_type",
            beside: config("/architectures", json!(["SomethingElse"])),
        },
        Pair {
            rule: "model-tensors",
            breaks: config("/text_config/intermediate_size", json!(353)),
            key: "",
            beside: config("/text_config/initializer_range", json!(0.02)),
        },
        Pair {
            rule: "model-tensor-dtype",
            breaks: weights(|bytes| first_i32(bytes)),
            key: "",
            beside: config("/dtype", json!("float16")),
        },
        Pair {
            rule: "model-image-token",
            breaks: config("/image_token_index", json!(1)),
            key: "image_token_index",
            beside: config("/image_seq_length", json!(576)),
        },
        Pair {
            rule: "model-tokenizer",
            breaks: write("tokenizer.json", "{\"version\": \"1.0\"}"),
            key: "",
            beside: write("tokenizer.model", "of another kind"),
        },
        Pair {
            rule: "model-template",
            breaks: write("chat_template.jinja", ONE_SLOT),
            key: "",
            beside: write("chat_template.jinja", EACH_A_SLOT),
        },
        Pair {
            rule: "model-image-size",
            breaks: set(
                "preprocessor_config.json",
                "/crop_size",
                json!({ "height": 224, "width": 224 }),
            ),
            key: "crop_size",
            beside: set("preprocessor_config.json", "/size", json!(112)),
        },
    ]
}

fn lint(change: &Change) -> (tempfile::TempDir, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    change(folder.path());
    let findings = preflight::lint(folder.path(), None);
    (folder, findings)
}

#[test]
fn a_sound_folder_has_nothing() {
    let (folder, findings) = lint(&write("README.md", "# Tiny"));
    assert!(findings.is_empty(), "{findings:#?}");
    assert!(preflight::is_model(folder.path()));
    assert!(preflight::lint(folder.path(), Some(24 << 30)).is_empty());
}

#[test]
fn what_is_broken_is_found_where_it_stands() {
    for pair in pairs() {
        let rule = pair.rule;
        let (_folder, findings) = lint(&pair.breaks);
        let found = findings.iter().find(|it| it.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{rule}: {findings:#?}"));
        let line = match pair.key {
            "" => 1,
            key => {
                let text = fs::read_to_string(&found.file).unwrap();
                let key = format!("\"{key}\":");
                1 + text.lines().position(|line| line.contains(&key)).unwrap() as u32
            }
        };
        assert_eq!(found.line, line, "{found:#?}");
    }
}

#[test]
fn what_is_changed_beside_it_is_left_alone() {
    for pair in pairs() {
        let (_folder, findings) = lint(&pair.beside);
        let found: Vec<_> = findings.iter().filter(|it| it.rule == pair.rule).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_card_that_is_too_small_is_named() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    let findings = preflight::lint(folder.path(), Some(1 << 20));
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].rule, "model-over-budget");
    assert!(findings[0].message.contains("KV cache"), "{findings:#?}");
}

#[test]
fn every_rule_is_tried() {
    let table = include_str!("../../reports/src/knowledge/mistakes/model.toml");
    let ids = table
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let known: BTreeSet<&str> = ids.collect();
    let mut tried: BTreeSet<&str> = pairs().iter().map(|it| it.rule).collect();
    tried.insert("model-over-budget");
    assert_eq!(tried, known);
}

/// As large as LLaVA-1.5-7B by its headers, in shards of nothing but holes.
#[test]
fn a_large_model_s_weights_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    large(folder.path());
    let started = Instant::now();
    let findings = preflight::lint(folder.path(), Some(24 << 30));
    println!("{:?}", started.elapsed());
    assert!(findings.is_empty(), "{findings:#?}");
    let findings = preflight::lint(folder.path(), Some(12 << 30));
    let rules: Vec<&str> = findings.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(rules, ["model-over-budget"], "{findings:#?}");
}

/// The tiny model with 32 layers of the width that a 7B model has.
fn large(folder: &Path) {
    let (size, wide, layers) = (4096_u64, 11_008_u64, 32);
    let path = folder.join("config.json");
    let mut config: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    config["text_config"]["hidden_size"] = size.into();
    config["text_config"]["intermediate_size"] = wide.into();
    config["text_config"]["num_hidden_layers"] = layers.into();
    config["text_config"]["num_attention_heads"] = 32.into();
    fs::write(&path, config.to_string()).unwrap();

    let weights = folder.join(WEIGHTS);
    let bytes = fs::read(&weights).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let tiny: serde_json::Map<String, Value> =
        serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut shapes: Vec<(String, Vec<u64>)> = Vec::new();
    for (name, tensor) in tiny.iter().filter(|(name, _)| *name != "__metadata__") {
        let shape: Vec<u64> = serde_json::from_value(tensor["shape"].clone()).unwrap();
        let wider = |&side: &u64| match side {
            128 => size,
            352 => wide,
            other => other,
        };
        if !name.contains("vision_tower") && !name.contains(".layers.") {
            let is_input = name.ends_with("linear_1.weight");
            let shape = match is_input {
                true => vec![size, shape[1]],
                false => shape.iter().map(wider).collect(),
            };
            shapes.push((name.clone(), shape));
        } else if name.contains("vision_tower") {
            shapes.push((name.clone(), shape));
        } else if name.contains(".layers.0.") {
            let shape: Vec<u64> = shape.iter().map(wider).collect();
            for layer in 0..layers {
                shapes.push((
                    name.replace(".layers.0.", &format!(".layers.{layer}.")),
                    shape.clone(),
                ));
            }
        }
    }
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for (name, shape) in shapes {
        let bytes = shape.iter().product::<u64>() * 2;
        let offsets = [end, end + bytes];
        header.insert(
            name,
            json!({ "dtype": "F16", "shape": shape, "data_offsets": offsets }),
        );
        end += bytes;
    }
    let header = Value::Object(header).to_string().into_bytes();
    let mut file = fs::File::create(&weights).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes())
        .unwrap();
    file.write_all(&header).unwrap();
    file.set_len(8 + header.len() as u64 + end).unwrap();
}

#[test]
fn what_is_no_model_has_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(preflight::lint(folder.path(), None).is_empty());
    assert!(preflight::lint(&folder.path().join("none"), None).is_empty());
    fs::write(folder.path().join("config.json"), "{\"theme\": \"dark\"}").unwrap();
    assert!(preflight::lint(folder.path(), None).is_empty());
}

/// Bytes changed, cut and doubled in each small file and in the header, always the same ones.
#[test]
fn damaged_folders_are_read_without_a_panic() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path()).unwrap();
    for name in [
        "config.json",
        "preprocessor_config.json",
        "processor_config.json",
        "tokenizer_config.json",
        "chat_template.jinja",
        "tokenizer.json",
        WEIGHTS,
    ] {
        let path = folder.path().join(name);
        let sound = fs::read(&path).unwrap();
        // Of the weights only what comes before the values.
        let reach = sound.len().min(4096);
        for _ in 0..12 {
            let mut bytes = sound.clone();
            for _ in 0..1 + random(4) {
                let at = random(reach.min(bytes.len()));
                match random(3) {
                    0 => bytes[at] = b"0{}[]\",:-9x\xff"[random(12)],
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"0{}[]\",:"[random(8)]),
                }
            }
            fs::write(&path, bytes).unwrap();
            for finding in preflight::lint(folder.path(), Some(1 << 30)) {
                assert!(finding.line >= 1, "{finding:?}");
            }
        }
        fs::write(&path, sound).unwrap();
    }
}
