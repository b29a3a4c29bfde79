//! The fixture checkpoint: reading it, copying it, and changing the copy.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use crashpoint_scenarios::input;
use image::{Rgb, RgbImage};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub struct Fixture {
    pub expected: Expected,
}

#[derive(Deserialize)]
pub struct Expected {
    pub question: String,
    pub images: Vec<ExpectedImage>,
    pub preprocessing: Vec<Preprocessing>,
}

#[derive(Deserialize)]
pub struct ExpectedImage {
    pub file: String,
    pub prompt_tokens: Vec<u32>,
    pub pixels_sha256: String,
    pub pixels: Vec<f32>,
    pub tower: Vec<f32>,
    pub features: Vec<f32>,
    pub logits: Vec<f32>,
    pub tokens: Vec<u32>,
    pub text: String,
}

#[derive(Deserialize)]
pub struct Preprocessing {
    pub processor: Value,
    pub images: Vec<MadeUpImage>,
}

#[derive(Deserialize)]
pub struct MadeUpImage {
    pub width: u32,
    pub height: u32,
    pub pixels_sha256: String,
}

impl Fixture {
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llava")
    }

    pub fn read() -> Fixture {
        let text = fs::read_to_string(Fixture::folder().join("expected.json")).unwrap();
        Fixture {
            expected: serde_json::from_str(&text).unwrap(),
        }
    }

    /// A copy to be changed.
    pub fn copy() -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(Fixture::folder()).unwrap() {
            let path = entry.unwrap().path();
            let to = copy.path().join(path.file_name().unwrap());
            fs::write(to, fs::read(path).unwrap()).unwrap();
        }
        copy
    }
}

pub fn shipped(file: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("images")
        .join(file);
    input::open(&path).unwrap().image
}

/// The reference draws it by the same formula.
pub fn made_up_image(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([x * x + 3 * y, (x * 7) ^ (y * 5), x * y + 11 * x].map(|value| value as u8))
    })
}

/// Of the values as little-endian f32.
pub fn digest_of(tensor: &Tensor) -> String {
    let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    format!("{:x}", Sha256::digest(bytes))
}

pub struct Stored {
    pub name: String,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

const WEIGHTS: &str = "model.safetensors";

pub fn edit_weights(folder: &Path, edit: impl FnOnce(&mut Vec<Stored>)) {
    let mut tensors = read_weights(folder);
    edit(&mut tensors);
    write_weights(&folder.join(WEIGHTS), &tensors);
}

pub fn read_weights(folder: &Path) -> Vec<Stored> {
    let bytes = fs::read(folder.join(WEIGHTS)).unwrap();
    let stored = |(name, view): (String, TensorView<'_>)| Stored {
        name,
        dtype: view.dtype(),
        shape: view.shape().to_vec(),
        bytes: view.data().to_vec(),
    };
    SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors()
        .into_iter()
        .map(stored)
        .collect()
}

fn write_weights(path: &Path, tensors: &[Stored]) {
    let views = tensors.iter().map(|tensor| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).unwrap();
        (tensor.name.as_str(), view)
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// The fixture with its tensors renamed.
pub fn with_names(rename: impl Fn(&str) -> String) -> TempDir {
    let folder = Fixture::copy();
    edit_weights(folder.path(), |tensors| {
        for tensor in tensors {
            tensor.name = rename(&tensor.name);
        }
    });
    folder
}

/// Deals the weights out to several files, with the index that transformers writes.
pub fn split(folder: &Path, parts: usize) {
    let tensors = read_weights(folder);
    let mut files: Vec<Vec<Stored>> = (0..parts).map(|_| Vec::new()).collect();
    for (index, tensor) in tensors.into_iter().enumerate() {
        files[index % parts].push(tensor);
    }
    let mut map = BTreeMap::new();
    for (index, tensors) in files.iter().enumerate() {
        let file = format!("model-{:05}-of-{parts:05}.safetensors", index + 1);
        write_weights(&folder.join(&file), tensors);
        map.extend(
            tensors
                .iter()
                .map(|tensor| (tensor.name.clone(), file.clone())),
        );
    }
    let index = json!({ "metadata": { "total_size": 0 }, "weight_map": map });
    fs::write(
        folder.join("model.safetensors.index.json"),
        index.to_string(),
    )
    .unwrap();
    fs::remove_file(folder.join(WEIGHTS)).unwrap();
}

pub fn edit_json(folder: &Path, file: &str, edit: impl FnOnce(&mut Value)) {
    let path = folder.join(file);
    let mut value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    edit(&mut value);
    fs::write(path, value.to_string()).unwrap();
}
