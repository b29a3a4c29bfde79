//! A checkpoint: everything about a model but its weights' values, read and checked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device};
use image::RgbImage;

use super::config::{self, Config};
use super::folder::Folder;
use super::gguf::Gguf;
use super::manifest::{self, Expected};
use super::preprocess::preprocess;
use super::processor::{self, Processor};
use super::prompt::Prompter;
use super::template::Template;
use super::tiny::Mistake;
use super::tokens::Tokens;
use super::weights::{Base, StoredWeights, Weights};
use super::{Hub, ModelError, Preset, Source, synthetic, tiny};
use crate::cache;

/// Cheap to make and small: the weights stay where they are until a model is loaded.
#[derive(Debug)]
pub struct Checkpoint {
    pub(super) config: Config,
    pub(super) processor: Processor,
    pub(super) prompter: Arc<Prompter>,
    pub(super) tensors: Vec<Expected>,
    pub(super) weights: Weights,
}

/// A checkpoint that needs nothing more from anywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    Folder(PathBuf),
    Synthetic(Preset),
}

/// Brings the checkpoint to this machine, writing the tiny one or fetching from the hub where it
/// must, and says where it is from then on.
pub fn locate(source: &Source) -> Result<Located, ModelError> {
    Ok(match source {
        Source::Tiny => Located::Folder(tiny_folder(None)?),
        Source::Mistaken(mistake) => Located::Folder(tiny_folder(Some(*mistake))?),
        Source::Folder(path) => Located::Folder(path.clone()),
        Source::Hub { repo, revision } => {
            Located::Folder(Hub::from_env().fetch(repo, revision.as_deref())?)
        }
        Source::Synthetic(preset) => Located::Synthetic(*preset),
    })
}

/// Finds the checkpoint, and reads and checks all of it but the weights' values.
pub fn resolve(source: &Source) -> Result<Checkpoint, ModelError> {
    resolve_with(source, None)
}

/// With the language model's weights from a GGUF file.
pub fn resolve_with(source: &Source, gguf: Option<&Path>) -> Result<Checkpoint, ModelError> {
    match locate(source)? {
        Located::Folder(path) => Checkpoint::open_with(&path, gguf),
        Located::Synthetic(preset) => synthetic::checkpoint(preset, gguf),
    }
}

fn tiny_folder(mistake: Option<Mistake>) -> Result<PathBuf, ModelError> {
    let write = |folder: &Path| {
        tiny::write(folder).map_err(|error| match error {
            // Its kind decides the class.
            ModelError::Unwritable { source, .. } => source,
            other => io::Error::other(other),
        })?;
        mistake.map_or(Ok(()), |mistake| mistake.make(folder))
    };
    let name = match mistake {
        None => tiny::folder_name(),
        Some(mistake) => format!("{}-{}", tiny::folder_name(), mistake.name()),
    };
    cache::folder_once(&name, write).map_err(|source| ModelError::Unwritable {
        path: cache::folder(),
        source,
    })
}

/// All that is wrong with a folder, as far as one thing does not hide another.
#[derive(Debug)]
pub struct Examined {
    /// What there is to load, if anything is.
    pub checkpoint: Option<Checkpoint>,
    pub faults: Vec<ModelError>,
}

impl Checkpoint {
    /// Every part by itself, as [`Checkpoint::open`] reads it, and what the parts make of a picture and of
    /// questions about one and two.
    pub fn examine(path: &Path) -> Examined {
        let mut faults = Vec::new();
        let checkpoint = Checkpoint::parts(path, &mut faults);
        Examined { checkpoint, faults }
    }

    fn parts(path: &Path, faults: &mut Vec<ModelError>) -> Option<Checkpoint> {
        fn noted<T>(part: Result<T, ModelError>, faults: &mut Vec<ModelError>) -> Option<T> {
            part.map_err(|fault| faults.push(fault)).ok()
        }
        let folder = noted(Folder::open(path), faults)?;
        let config = noted(config::read(&folder), faults)?;
        let tensors = manifest::of(&config);
        let stored = noted(StoredWeights::open(&folder, &tensors, true), faults);
        let processor = noted(processor::read(&folder), faults);
        if let Some(processor) = &processor {
            let side = config.vision.image_size;
            let picture = RgbImage::new(64, 48);
            let pixels = preprocess(&picture, processor, side, &Device::Cpu, DType::F32);
            noted(pixels, faults);
        }
        let tokens = noted(Tokens::read(&folder, &config), faults);
        let template = noted(Template::read(&folder), faults);
        let prompter = Prompter {
            template: template?,
            tokens: tokens?,
            tokens_per_image: config.tokens_per_image(),
        };
        for images in [1, 2] {
            if noted(prompter.prompt("What is this?", images), faults).is_none() {
                break;
            }
        }
        Some(Checkpoint {
            processor: processor?,
            prompter: Arc::new(prompter),
            weights: Weights {
                base: Base::Stored(stored?),
                language: None,
            },
            config,
            tensors,
        })
    }

    /// A Hugging Face folder.
    pub fn open(path: &Path) -> Result<Checkpoint, ModelError> {
        Checkpoint::open_with(path, None)
    }

    /// With the language model's weights from a GGUF file; the folder need not have any then.
    pub fn open_with(path: &Path, gguf: Option<&Path>) -> Result<Checkpoint, ModelError> {
        let folder = Folder::open(path)?;
        let mut config = config::read(&folder)?;
        let mut tokens = Tokens::read(&folder, &config)?;
        let language = gguf
            .map(|path| Gguf::open(path, &mut config, tokens.spoken()))
            .transpose()?;
        tokens.end_at(config.text.vocab_size);
        let tensors = manifest::of(&config);
        let stored = StoredWeights::open(&folder, &tensors, language.is_none())?;
        let weights = Weights {
            base: Base::Stored(stored),
            language,
        };
        let prompter = Prompter {
            template: Template::read(&folder)?,
            tokens,
            tokens_per_image: config.tokens_per_image(),
        };
        Ok(Checkpoint {
            processor: processor::read(&folder)?,
            prompter: Arc::new(prompter),
            config,
            tensors,
            weights,
        })
    }
}
