//! The parts of the guide that the knowledge base says, written into its page.

use std::fs;
use std::path::Path;

use crashpoint_reports::render;

use crate::Outcome;

pub fn run() -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide.md");
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let page = fs::read_to_string(&path).map_err(told)?;
    fs::write(&path, render::guide(&page)?).map_err(told)?;
    Ok(())
}
