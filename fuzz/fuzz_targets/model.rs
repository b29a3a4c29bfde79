//! Any bytes as one file of a model's folder that is sound otherwise.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use crashpoint_scenarios::{model::tiny, preflight};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "chat_template.jinja",
    "model.safetensors",
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("crashpoint-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    tiny::write(&folder).expect("the tiny model");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    if let Some((&choice, bytes)) = bytes.split_first() {
        let path = FOLDER.join(NAMES[usize::from(choice) % NAMES.len()]);
        let sound = fs::read(&path).expect("what was written");
        fs::write(&path, bytes).expect("room");
        for finding in preflight::lint(&FOLDER, Some(24 << 30)) {
            assert!(finding.line >= 1);
        }
        fs::write(&path, sound).expect("room");
    }
});
