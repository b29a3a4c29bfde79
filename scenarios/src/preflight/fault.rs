//! The loader's refusals as findings.

use std::fs;
use std::path::{Path, PathBuf};

use crashpoint_reports::lint::Finding;

use super::CONFIG;
use super::place::Place;
use crate::model::ModelError;

const PROCESSOR: &str = "preprocessor_config.json";

/// `None` for what says nothing of the folder.
pub fn finding(fault: &ModelError, folder: &Path, config: &Place<'_>) -> Option<Finding> {
    use ModelError::*;
    let message = fault.to_string();
    let at = |path: &Path| relative(path, folder);
    let (rule, file, line) = match fault {
        FileMissing { file, .. } => ("model-file-missing", file.clone(), 1),
        Unreadable { path, .. } => ("model-file-missing", at(path), 1),
        NotJson { path, source } => {
            let line = match (at(path) == CONFIG, source.line()) {
                (_, line @ 1..) => u32::try_from(line).unwrap_or(u32::MAX),
                (true, 0) => config.line_of_a_word_in(&source.to_string()),
                (false, 0) => 1,
            };
            ("model-not-json", at(path), line)
        }
        BadConfig { path, what } => {
            let line = config.line_of_a_word_in(what);
            ("model-config-impossible", at(path), line)
        }
        Unsupported { path, what } => {
            let line = match at(path) == CONFIG {
                true if what.starts_with("quantised") => config.line(&["quantization_config"]),
                true if what.starts_with("the architecture") => config.line(&["model_type"]),
                true => config.line_of_a_word_in(what),
                false => 1,
            };
            ("model-unsupported", at(path), line)
        }
        Damaged { path, .. } => ("model-file-damaged", at(path), 1),
        MissingTensor { .. } => ("model-tensors", CONFIG.to_owned(), 1),
        MisplacedTensor { path, .. }
        | SurplusTensor { path, .. }
        | RepeatedTensor { path, .. }
        | WrongShape { path, .. } => ("model-tensors", at(path), 1),
        WrongDtype { path, .. } => ("model-tensor-dtype", at(path), 1),
        OtherImageToken { .. } => {
            let line = ["image_token_index", "image_token_id"].map(|key| config.line(&[key]));
            let line = line.into_iter().max().unwrap_or(1);
            ("model-image-token", CONFIG.to_owned(), line)
        }
        NoImageToken { path, .. } => ("model-image-token", at(path), 1),
        Tokenizer { path, .. } | BeyondVocabulary { path, .. } => ("model-tokenizer", at(path), 1),
        Template { path, .. } | Slots { path, .. } => ("model-template", at(path), 1),
        OtherSize { .. } => {
            let text = fs::read_to_string(folder.join(PROCESSOR)).unwrap_or_default();
            let sizes = Place::of(folder, PROCESSOR, &text);
            let line = match sizes.line(&["crop_size"]) {
                1 => sizes.line(&["size"]),
                line => line,
            };
            ("model-image-size", PROCESSOR.to_owned(), line)
        }
        ContextOverflow { .. } => ("model-config-impossible", CONFIG.to_owned(), 1),
        _ => return None,
    };
    let place = Place::of(folder, &file, "");
    super::finding(rule, &place, line, message)
}

/// A file of the folder by its name.
fn relative(path: &Path, folder: &Path) -> String {
    let path: PathBuf = path.strip_prefix(folder).unwrap_or(path).into();
    path.display().to_string()
}
