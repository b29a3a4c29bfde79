//! A model's folder, before anything is loaded: what the loader itself would refuse, and what it would
//! pass over without a word. Only headers and small files are read, never the weights.

mod config;
mod fault;
mod place;

use std::fs;
use std::path::Path;

use crashpoint_reports::knowledge;
use crashpoint_reports::lint::Finding;
use serde_json::Value;

use crate::model::{Checkpoint, Limits, Precision, Sampling, budget, estimate};
use place::Place;

const CONFIG: &str = "config.json";
/// A configuration that a person could write is far smaller.
const LARGEST: u64 = 4 << 20;
/// As many new tokens as a description of a page takes.
const NEW_TOKENS: usize = 256;

/// Whether a folder holds a model, for whoever looks through many.
pub fn is_model(folder: &Path) -> bool {
    text(folder).is_some_and(|text| place::has_key(&text, "model_type"))
}

/// Nothing for a folder that holds no model. With `gpu_memory`, in bytes, also whether it fits.
pub fn lint(folder: &Path, gpu_memory: Option<u64>) -> Vec<Finding> {
    let Some(text) = text(folder).filter(|text| place::has_key(text, "model_type")) else {
        return Vec::new();
    };
    let place = Place::of(folder, CONFIG, &text);
    let mut findings = Vec::new();
    if let Ok(config) = serde_json::from_str::<Value>(&text) {
        config::check(&config, &place, &mut findings);
    }
    let examined = Checkpoint::examine(folder);
    let faults = examined.faults.iter();
    findings.extend(faults.filter_map(|it| fault::finding(it, folder, &place)));
    if let (Some(checkpoint), Some(bytes)) = (examined.checkpoint, gpu_memory) {
        findings.extend(over_budget(&checkpoint, bytes, &place));
    }
    findings.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    findings
}

fn text(folder: &Path) -> Option<String> {
    let path = folder.join(CONFIG);
    let is_small = fs::metadata(&path).ok()?.len() <= LARGEST;
    is_small.then(|| fs::read_to_string(path).ok()).flatten()
}

fn over_budget(checkpoint: &Checkpoint, bytes: u64, place: &Place<'_>) -> Option<Finding> {
    let precision = Precision {
        dtype: candle_core::DType::F16,
        quant: None,
    };
    let sampling = Sampling {
        max_new_tokens: NEW_TOKENS,
        temperature: None,
        top_p: None,
        seed: 0,
    };
    let limits = Limits {
        free_bytes: bytes,
        reserve_bytes: 0,
        total_bytes: bytes,
        memory_fraction: None,
        memory_cap_bytes: None,
        memory_round_bytes: None,
    };
    let needs = estimate(checkpoint, precision, "What is this?", &sampling);
    let refused = needs
        .and_then(|needs| budget::check(&needs, &limits))
        .err()?;
    finding("model-over-budget", place, 1, refused.to_string())
}

/// `None` for a rule that is not known, which a test sees.
fn finding(rule: &str, place: &Place<'_>, line: u32, message: String) -> Option<Finding> {
    let mistake = knowledge::mistake(rule)?;
    Some(Finding::of(mistake, &place.file(), line..=line, message))
}
