//! LLaVA on candle: from a checkpoint to generated text.
//!
//! [`resolve`] turns what a person wrote (`tiny`, a folder, a hub name, a preset) into a
//! [`Checkpoint`], with everything read and checked but the weights' values. [`Model::load`] puts
//! the weights on a device. Then, for each image: [`Model::preprocess`], [`Model::see`],
//! [`Model::prefill`], and [`Generation::next`] token by token.

pub mod budget;
mod checkpoint;
mod config;
mod decoder;
mod error;
mod fingerprint;
mod folder;
mod generation;
mod gguf;
mod hub;
mod language;
mod layout;
mod llava;
mod manifest;
mod patience;
#[cfg(feature = "cuda")]
mod pinned;
mod placement;
mod precision;
mod preprocess;
mod processor;
mod products;
mod projector;
mod prompt;
mod quantise;
mod resample;
mod safetensors_file;
mod source;
mod splice;
mod staging;
mod synthetic;
mod template;
pub mod tiny;
mod tokens;
mod top_p;
mod tower;
mod weights;

pub use budget::{Estimate, Limits, estimate};
pub use checkpoint::{Checkpoint, Examined, Located, locate, resolve, resolve_with};
pub use error::ModelError;
pub use fingerprint::{fingerprint, fingerprint_of_file};
pub use generation::{Answer, Generation, Sampling, StoppedBy};
pub use hub::Hub;
pub use llava::Model;
pub use precision::{Precision, Quant};
pub use products::{Held, Products};
pub use prompt::Prompt;
pub use source::Source;
pub use synthetic::Preset;
