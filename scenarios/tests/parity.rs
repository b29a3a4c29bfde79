//! Parity with transformers, stage by stage: pixels, tower, logits, tokens.
//!
//! The fixture is a small checkpoint that transformers saved, with what transformers made of each
//! shipped image; `reference/make_checkpoint.py` writes it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use common::{Fixture, digest_of, made_up_image, shipped, with_names};
use crashpoint_scenarios::model::{Checkpoint, Model, Sampling};
use serde_json::json;

const GREEDY: Sampling = Sampling {
    max_new_tokens: 32,
    temperature: None,
    top_p: None,
    seed: 0,
};

fn load(folder: &Path) -> Model {
    Model::load(&Checkpoint::open(folder).unwrap(), &Device::Cpu, DType::F32).unwrap()
}

/// Every `step`-th value, as the fixture has them.
fn every(tensor: &Tensor, step: usize) -> Vec<f32> {
    let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    values.into_iter().step_by(step).collect()
}

fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance,
            "{what} {index}: {found} is not {expected}"
        );
    }
}

/// Every stage of every shipped image.
fn assert_parity(folder: &Path) {
    let fixture = Fixture::read();
    let model = load(folder);
    assert!(fixture.expected.images.len() >= 8);
    for expected in &fixture.expected.images {
        let file = &expected.file;
        let pixels = model.preprocess(&shipped(file)).unwrap();
        assert_close(file, &every(&pixels, 84 * 17), &expected.pixels, 0.0);
        assert_eq!(
            digest_of(&pixels),
            expected.pixels_sha256,
            "pixels of {file}"
        );

        let tower = model.tower(&pixels).unwrap();
        assert_close("tower", &every(&tower, 29), &expected.tower, 1e-5);
        let features = model.see(&pixels).unwrap();
        assert_close("features", &every(&features, 41), &expected.features, 1e-5);

        let prompt = model.prompt(&fixture.expected.question, 1).unwrap();
        assert_eq!(prompt.tokens, expected.prompt_tokens, "prompt of {file}");
        let mut generation = model.prefill(&prompt, &features, &GREEDY).unwrap();
        let logits = every(generation.logits().unwrap(), 7);
        assert_close("logits", &logits, &expected.logits, 1e-4);

        while generation.next_token().unwrap().is_some() {}
        let answer = generation.finish().unwrap();
        assert_eq!(answer.tokens, expected.tokens, "tokens of {file}");
        assert_eq!(answer.text, expected.text, "text of {file}");
        assert_eq!(answer.prompt_tokens, expected.prompt_tokens.len());
    }
}

#[test]
fn as_transformers_saved_it() {
    assert_parity(&Fixture::folder());
}

#[test]
fn in_the_oldest_layout() {
    let folder = with_names(|name| match name.strip_prefix("vision_tower.") {
        Some(rest) => format!("vision_tower.vision_model.{rest}"),
        None => name.to_owned(),
    });
    assert_parity(folder.path());
}

#[test]
fn in_the_layout_with_the_head_outside() {
    let folder = with_names(|name| {
        if let Some(rest) = name.strip_prefix("language_model.model.") {
            format!("model.language_model.{rest}")
        } else if let Some(rest) = name.strip_prefix("language_model.") {
            rest.to_owned()
        } else if let Some(rest) = name.strip_prefix("vision_tower.") {
            format!("model.vision_tower.vision_model.{rest}")
        } else {
            format!("model.{name}")
        }
    });
    assert_parity(folder.path());
}

#[test]
fn in_several_files_with_an_index() {
    let folder = Fixture::copy();
    common::split(folder.path(), 3);
    assert!(!folder.path().join("model.safetensors").exists());
    assert_parity(folder.path());
}

/// Older checkpoints have the image processor in a file of its own, the template in JSON, and no
/// processor configuration at all.
#[test]
fn with_the_files_of_older_checkpoints() {
    let folder = Fixture::copy();
    let file = |name: &str| folder.path().join(name);
    let processor: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(file("processor_config.json")).unwrap()).unwrap();
    fs::write(
        file("preprocessor_config.json"),
        processor["image_processor"].to_string(),
    )
    .unwrap();
    fs::remove_file(file("processor_config.json")).unwrap();
    let template = fs::read_to_string(file("chat_template.jinja")).unwrap();
    fs::write(
        file("chat_template.json"),
        json!({ "chat_template": template }).to_string(),
    )
    .unwrap();
    fs::remove_file(file("chat_template.jinja")).unwrap();
    assert_parity(folder.path());
}

#[test]
fn without_what_equals_a_default() {
    let folder = Fixture::copy();
    common::edit_json(folder.path(), "config.json", |config| {
        for key in [
            "projector_hidden_act",
            "vision_feature_layer",
            "vision_feature_select_strategy",
        ] {
            config.as_object_mut().unwrap().remove(key).unwrap();
        }
        let text = config["text_config"].as_object_mut().unwrap();
        for key in [
            "rope_parameters",
            "head_dim",
            "rms_norm_eps",
            "hidden_act",
            "eos_token_id",
        ] {
            text.remove(key).unwrap();
        }
        let vision = config["vision_config"].as_object_mut().unwrap();
        for key in ["num_channels", "hidden_act", "layer_norm_eps", "model_type"] {
            vision.remove(key).unwrap();
        }
        // The newer name.
        let token = config
            .as_object_mut()
            .unwrap()
            .remove("image_token_index")
            .unwrap();
        config["image_token_id"] = token;
    });
    fs::remove_file(folder.path().join("generation_config.json")).unwrap();
    common::edit_weights(folder.path(), |tensors| {
        tensors.retain(|tensor| !tensor.name.contains("post_layernorm"));
    });
    assert_parity(folder.path());
}

/// Odd shapes, enlarging, padding, other filters, steps left out.
#[test]
fn every_way_to_preprocess() {
    for case in &Fixture::read().expected.preprocessing {
        let folder = Fixture::copy();
        common::edit_json(folder.path(), "processor_config.json", |config| {
            config["image_processor"] = case.processor.clone();
        });
        let model = load(folder.path());
        for image in &case.images {
            let (width, height) = (image.width, image.height);
            let pixels = model.preprocess(&made_up_image(width, height)).unwrap();
            let found = digest_of(&pixels);
            assert_eq!(
                found, image.pixels_sha256,
                "{width}x{height}, {}",
                case.processor
            );
        }
    }
}
