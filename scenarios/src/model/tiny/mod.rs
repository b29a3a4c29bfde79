//! The tiny model: a LLaVA-1.5 checkpoint with seeded weights, written as a Hugging Face folder
//! and read back like any other.
//!
//! Its answers are made of words, depend on the image and mean nothing.

mod mistake;
mod texts;
mod tokenizer;

use std::fs;
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use super::ModelError;
use super::config;
use super::folder::Folder;
use super::manifest::{self, Expected, Role};
use super::synthetic::{Random, deviation};
use super::weights::SINGLE;

pub use mistake::Mistake;
pub use texts::CHAT_TEMPLATE;
pub use tokenizer::{BOS, EOS, IMAGE, IMAGE_TOKEN, tokenizer, vocabulary};

/// SHA-256 of the weights' file. Making the weights in another way changes it.
const WEIGHTS_SHA256: &str = "e1f7c133da94af6bd40d2a42018e4e3b7a1f5b68f00db713d2021a121e7499c0";

/// A name that changes with anything the folder is made from.
pub fn folder_name() -> String {
    let mut digest = Sha256::new();
    for (name, content) in texts::texts() {
        digest.update(name);
        digest.update(content);
    }
    digest.update(WEIGHTS_SHA256);
    let digest = format!("{:x}", digest.finalize());
    format!("tiny-{}", &digest[..12])
}

/// Writes the checkpoint into an empty folder.
pub fn write(folder: &Path) -> Result<(), ModelError> {
    let unwritable = |source: io::Error| ModelError::Unwritable {
        path: folder.into(),
        source,
    };
    for (name, content) in texts::texts() {
        fs::write(folder.join(name), content).map_err(unwritable)?;
    }
    let config = config::read(&Folder::open(folder)?)?;
    let weights = weights(&manifest::of(&config)).map_err(unwritable)?;
    fs::write(folder.join(SINGLE), weights).map_err(unwritable)
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
        let spoken = tokenizer::FIRST_WORD * tensor.shape[1];
        values[..spoken].fill(0.0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_name_tells_these_weights_from_others() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let weights = fs::read(folder.path().join(SINGLE)).unwrap();
        let digest = format!("{:x}", Sha256::digest(weights));
        assert_eq!(digest, WEIGHTS_SHA256, "put the new digest there");
    }
}
