//! What a worker is told to do: one case, with everything it needs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::fault::Injection;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub work: Work,
    /// The name under which its options were chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inject: Option<Injection>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    Analyse(Box<Analyse>),
    Burn(Burn),
    /// Nothing but the injected fault.
    Fault(FaultAlone),
}

impl Work {
    pub fn device(&self) -> &str {
        match self {
            Work::Analyse(work) => &work.device,
            Work::Burn(work) => &work.device,
            Work::Fault(work) => &work.device,
        }
    }
}

/// Images through a model, one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analyse {
    /// As on the command line: `tiny`, a folder, a hub name, a preset.
    pub model: String,
    pub device: String,
    pub dtype: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant: Option<String>,
    /// Brings the language model's weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gguf: Option<PathBuf>,
    pub images: Vec<JobImage>,
    /// Over and over, until so many seconds have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_seconds: Option<f64>,
    pub question: String,
    pub max_new_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    pub seed: u64,
    /// `None`: load whatever was asked for, and see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobImage {
    pub index: u32,
    pub path: PathBuf,
}

/// Bounds that are checked before anything is allocated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// To be left free on the device.
    pub reserve_bytes: u64,
    /// Of the device's memory, for the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// For the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_bytes: Option<u64>,
    /// The smaller of these two is rounded to a whole number of so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultAlone {
    pub device: String,
}

/// Matrix products without a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burn {
    pub device: String,
    pub dtype: String,
    pub seconds: f64,
}
