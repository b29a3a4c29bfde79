//! Broken checkpoints: each is refused with a sentence of its own that names the file, and the
//! tensor where it is about one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::Path;

use candle_core::{DType, Device};
use common::{Fixture, Stored, edit_json, edit_weights, split};
use crashpoint_reports::Class;
use crashpoint_scenarios::model::{Checkpoint, Model, ModelError, Sampling};
use safetensors::tensor::Dtype;
use serde_json::{Value, json};

const WEIGHTS: &str = "model.safetensors";
const HEAD: &str = "language_model.lm_head.weight";

/// From the folder to a prompt.
fn try_out(folder: &Path) -> Result<Model, ModelError> {
    let model = Model::load(&Checkpoint::open(folder)?, &Device::Cpu, DType::F32)?;
    model.prompt("What is it?", 1)?;
    Ok(model)
}

/// What is said about the fixture after `damage`. It must be one line that has all of `says`.
fn refused(class: Class, says: &[&str], damage: impl FnOnce(&Path)) {
    let folder = Fixture::copy();
    try_out(folder.path()).unwrap();
    damage(folder.path());
    let error = try_out(folder.path()).unwrap_err();
    let message = error.to_string();
    println!("{}: {message}", error.class());
    assert_eq!(error.class(), class, "{message}");
    assert!(!message.contains('\n'), "{message}");
    for part in says {
        assert!(message.contains(part), "{message} lacks {part:?}");
    }
}

fn tensor<'a>(tensors: &'a mut [Stored], name: &str) -> &'a mut Stored {
    tensors
        .iter_mut()
        .find(|tensor| tensor.name == name)
        .unwrap()
}

fn remove(name: &'static str) -> impl FnOnce(&Path) {
    move |folder| fs::remove_file(folder.join(name)).unwrap()
}

fn write(name: &'static str, content: &'static str) -> impl FnOnce(&Path) {
    move |folder| fs::write(folder.join(name), content).unwrap()
}

fn truncate(folder: &Path, length: impl FnOnce(u64) -> u64) {
    let file = fs::OpenOptions::new()
        .write(true)
        .open(folder.join(WEIGHTS))
        .unwrap();
    let now = file.metadata().unwrap().len();
    file.set_len(length(now)).unwrap();
}

#[test]
fn a_missing_file() {
    for name in [
        "config.json",
        "tokenizer.json",
        "chat_template.jinja",
        WEIGHTS,
    ] {
        refused(Class::ModelFilesBroken, &[name, "lacks"], remove(name));
    }
    let says = ["preprocessor_config.json", "lacks"];
    refused(
        Class::ModelFilesBroken,
        &says,
        remove("processor_config.json"),
    );
}

#[test]
fn no_folder_at_all() {
    let error = Checkpoint::open(Path::new("/no/such/folder")).unwrap_err();
    assert!(
        error.to_string().contains("failed to read /no/such/folder"),
        "{error}"
    );
}

/// A folder in a file's place: a permission would not stop root, whom tests often run as.
#[test]
fn an_unreadable_file() {
    for name in ["config.json", "tokenizer.json", WEIGHTS] {
        refused(
            Class::ModelFilesBroken,
            &[name, "failed to read"],
            |folder| {
                fs::remove_file(folder.join(name)).unwrap();
                fs::create_dir(folder.join(name)).unwrap();
            },
        );
    }
}

#[test]
fn json_that_is_none() {
    for name in [
        "config.json",
        "generation_config.json",
        "processor_config.json",
        "tokenizer_config.json",
    ] {
        refused(
            Class::ModelFilesBroken,
            &[name, "not the JSON"],
            write(name, "{\"model_type\": "),
        );
        refused(
            Class::ModelFilesBroken,
            &[name, "not the JSON"],
            write(name, "[]"),
        );
    }
    refused(
        Class::ModelFilesBroken,
        &["tokenizer.json"],
        write("tokenizer.json", "{}"),
    );
}

#[test]
fn another_architecture() {
    refused(
        Class::ModelUnsupported,
        &["config.json", "qwen2_vl"],
        |folder| {
            edit_json(folder, "config.json", |config| {
                config["model_type"] = "qwen2_vl".into()
            });
        },
    );
    refused(
        Class::ModelUnsupported,
        &["processor_config.json", "SiglipImageProcessor"],
        |folder| {
            edit_json(folder, "processor_config.json", |config| {
                config["image_processor"]["image_processor_type"] = "SiglipImageProcessor".into();
            });
        },
    );
}

#[test]
fn truncated_weights() {
    let says = [WEIGHTS, "is cut off", "from the tensor"];
    refused(Class::ModelFilesBroken, &says, |folder| {
        truncate(folder, |length| length - 1)
    });
    refused(Class::ModelFilesBroken, &says, |folder| {
        truncate(folder, |length| length / 2)
    });
    let says = [WEIGHTS, "within its header"];
    refused(Class::ModelFilesBroken, &says, |folder| {
        truncate(folder, |_| 100)
    });
    refused(Class::ModelFilesBroken, &says, |folder| {
        truncate(folder, |_| 0)
    });
    let says = [WEIGHTS, "surplus bytes"];
    refused(Class::ModelFilesBroken, &says, |folder| {
        truncate(folder, |length| length + 1)
    });
}

#[test]
fn weights_that_are_something_else() {
    // What git leaves without LFS.
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    refused(
        Class::ModelFilesBroken,
        &[WEIGHTS, "not a safetensors file"],
        write(WEIGHTS, pointer),
    );
    refused(Class::ModelFilesBroken, &[WEIGHTS, "header"], |folder| {
        fs::write(
            folder.join(WEIGHTS),
            [4_u64.to_le_bytes().as_slice(), b"oops"].concat(),
        )
        .unwrap();
    });
}

#[test]
fn a_wrong_shape() {
    let says = [WEIGHTS, HEAD, "[320, 41]", "[320, 40]"];
    refused(Class::ModelFilesBroken, &says, |folder| {
        edit_weights(folder, |tensors| {
            let head = tensor(tensors, HEAD);
            assert_eq!(head.shape, [320, 40]);
            head.shape = vec![320, 41];
            head.bytes.resize(320 * 41 * 4, 0);
        });
    });
}

#[test]
fn a_missing_tensor() {
    refused(Class::ModelFilesBroken, &[HEAD, "no file of"], |folder| {
        edit_weights(folder, |tensors| {
            tensors.retain(|tensor| tensor.name != HEAD)
        });
    });
}

#[test]
fn a_tensor_too_many() {
    let newline = || Stored {
        name: "image_newline".into(),
        dtype: Dtype::F32,
        shape: vec![2],
        bytes: vec![0; 8],
    };
    refused(
        Class::ModelFilesBroken,
        &[WEIGHTS, "image_newline"],
        |folder| {
            edit_weights(folder, |tensors| tensors.push(newline()));
        },
    );
    // The same one under the name that another layout gives it.
    refused(
        Class::ModelFilesBroken,
        &[WEIGHTS, "lm_head.weight", "already"],
        |folder| {
            edit_weights(folder, |tensors| {
                let head = tensor(tensors, HEAD);
                let again = Stored {
                    name: "lm_head.weight".into(),
                    dtype: head.dtype,
                    shape: head.shape.clone(),
                    bytes: head.bytes.clone(),
                };
                tensors.push(again);
            });
        },
    );
}

#[test]
fn tensors_that_only_look_surplus_are_taken() {
    let folder = Fixture::copy();
    edit_weights(folder.path(), |tensors| {
        for name in [
            "language_model.model.layers.0.self_attn.rotary_emb.inv_freq",
            "vision_tower.vision_model.embeddings.position_ids",
        ] {
            tensors.push(Stored {
                name: name.into(),
                dtype: Dtype::I64,
                shape: vec![1],
                bytes: vec![0; 8],
            });
        }
    });
    try_out(folder.path()).unwrap();
}

#[test]
fn weights_in_a_format_of_quantisation() {
    refused(Class::ModelUnsupported, &[WEIGHTS, HEAD, "u8"], |folder| {
        edit_weights(folder, |tensors| {
            let head = tensor(tensors, HEAD);
            head.dtype = Dtype::U8;
            head.bytes.truncate(320 * 40);
        });
    });
}

#[test]
fn an_index_that_does_not_hold() {
    const INDEX: &str = "model.safetensors.index.json";
    let second = "model-00002-of-00002.safetensors";
    refused(Class::ModelFilesBroken, &[second, "index"], |folder| {
        split(folder, 2);
        fs::remove_file(folder.join(second)).unwrap();
    });
    refused(Class::ModelFilesBroken, &[HEAD, INDEX], |folder| {
        split(folder, 2);
        edit_json(folder, INDEX, |index| {
            let file = index["weight_map"][HEAD].as_str().unwrap();
            let other = if file == second {
                "model-00001-of-00002.safetensors"
            } else {
                second
            };
            index["weight_map"][HEAD] = other.into();
        });
    });
    refused(
        Class::ModelFilesBroken,
        &["../escaped.safetensors"],
        |folder| {
            split(folder, 2);
            edit_json(folder, INDEX, |index| {
                index["weight_map"][HEAD] = "../escaped.safetensors".into()
            });
        },
    );
    refused(
        Class::ModelFilesBroken,
        &[INDEX, "not the JSON"],
        |folder| {
            split(folder, 2);
            fs::write(folder.join(INDEX), "{}").unwrap();
        },
    );
}

#[test]
fn a_tokenizer_without_the_image_token() {
    let rename = |tokenizer: &mut Value| {
        tokenizer["added_tokens"]
            .as_array_mut()
            .unwrap()
            .retain(|token| token["content"] != "<image>");
        let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
        let id = vocabulary.remove("<image>").unwrap();
        vocabulary.insert("<picture>".into(), id);
    };
    refused(
        Class::ModelFilesBroken,
        &["tokenizer.json", "no image token \"<image>\""],
        |folder| {
            edit_json(folder, "tokenizer.json", rename);
        },
    );
    refused(
        Class::ModelFilesBroken,
        &["tokenizer.json", "\"<image>\"", "3", "9"],
        |folder| {
            edit_json(folder, "config.json", |config| {
                config["image_token_index"] = 9.into()
            });
        },
    );
}

#[test]
fn a_tokenizer_of_a_larger_model() {
    refused(
        Class::ModelFilesBroken,
        &["tokenizer.json", "beyond the 320"],
        |folder| {
            edit_json(folder, "tokenizer.json", |tokenizer| {
                let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
                let id = vocabulary.insert("<0x57>".into(), 5000.into());
                assert!(id.is_some());
            });
        },
    );
}

#[test]
fn a_chat_template_that_fails() {
    const FILE: &str = "chat_template.jinja";
    refused(
        Class::ConfigPrompt,
        &[FILE, "syntax error"],
        write(FILE, "{% for message in %}"),
    );
    let raises = "{{ raise_exception('only one turn') }}";
    refused(
        Class::ConfigPrompt,
        &[FILE, "only one turn"],
        write(FILE, raises),
    );
}

#[test]
fn a_chat_template_with_other_image_slots() {
    const FILE: &str = "chat_template.jinja";
    // The incident's: the prompt is flat text, and the model never sees the image.
    let flat = "USER: {{ messages[0]['content'][1]['text'] }} ASSISTANT:";
    refused(
        Class::ConfigPrompt,
        &[FILE, "0 image slots for 1 images"],
        write(FILE, flat),
    );
    let two = "<image><image> {{ messages[0]['content'][1]['text'] }}";
    refused(
        Class::ConfigPrompt,
        &[FILE, "2 image slots for 1 images"],
        write(FILE, two),
    );
}

#[test]
fn an_image_processor_for_another_tower() {
    let folder = Fixture::copy();
    edit_json(folder.path(), "processor_config.json", |config| {
        config["image_processor"]["crop_size"] = json!({ "height": 70, "width": 84 });
    });
    let model = try_out(folder.path()).unwrap();
    let error = model
        .preprocess(&common::made_up_image(200, 100))
        .unwrap_err();
    assert_eq!(error.class(), Class::ModelFilesBroken);
    assert!(error.to_string().contains("84x70"), "{error}");
}

#[test]
fn what_a_caller_may_ask_wrongly() {
    let model = try_out(&Fixture::folder()).unwrap();
    let greedy = |max_new_tokens| Sampling {
        max_new_tokens,
        temperature: None,
        top_p: None,
        seed: 0,
    };
    let error = model.prompt("What is <image>?", 1).unwrap_err();
    assert_eq!(error.class(), Class::ConfigPrompt, "{error}");

    let pixels = model.preprocess(&common::made_up_image(90, 90)).unwrap();
    let features = model.see(&pixels).unwrap();
    let two = model.prompt("Which?", 2).unwrap();
    let error = model.prefill(&two, &features, &greedy(4)).unwrap_err();
    assert_eq!(error.class(), Class::ConfigPrompt, "{error}");

    let prompt = model.prompt("Which?", 1).unwrap();
    let room = 256 - prompt.tokens.len();
    model.prefill(&prompt, &features, &greedy(room)).unwrap();
    let error = model
        .prefill(&prompt, &features, &greedy(room + 1))
        .unwrap_err();
    assert_eq!(error.class(), Class::ContextOverflow);
    assert!(error.to_string().contains("context of 256"), "{error}");

    for (temperature, top_p) in [
        (Some(-1.0), None),
        (Some(f64::NAN), None),
        (Some(1.0), Some(0.0)),
    ] {
        let sampling = Sampling {
            temperature,
            top_p,
            ..greedy(4)
        };
        let error = model.prefill(&prompt, &features, &sampling).unwrap_err();
        assert_eq!(error.class(), Class::ConfigOther, "{error}");
    }
}

#[test]
fn weights_that_are_not_numbers() {
    let folder = Fixture::copy();
    edit_weights(folder.path(), |tensors| {
        let nan = f32::NAN.to_le_bytes();
        tensor(tensors, HEAD).bytes[..4].copy_from_slice(&nan);
    });
    let model = try_out(folder.path()).unwrap();
    let features = model
        .see(&model.preprocess(&common::made_up_image(90, 90)).unwrap())
        .unwrap();
    let prompt = model.prompt("Which?", 1).unwrap();
    let sampling = Sampling {
        max_new_tokens: 4,
        temperature: None,
        top_p: None,
        seed: 0,
    };
    let mut generation = model.prefill(&prompt, &features, &sampling).unwrap();
    let error = generation.next_token().unwrap_err();
    assert_eq!(error.class(), Class::NumericalCorruption, "{error}");
}
