//! The JSON Schema of the report, written where other programs look for it.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::Outcome;

#[derive(Args)]
pub struct Options {
    /// Write nothing, and fail if the committed schema is not the current one
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/schema/report-1.schema.json");
    let current = crashpoint_reports::schema::schema();
    if options.check {
        let committed = fs::read_to_string(&path)
            .map_err(|error| format!("failed to read {}: {error}", path.display()))?;
        if committed != current {
            return Err("the schema of the report is out of date: run `cargo xtask schema`, and look at the difference".into());
        }
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, current)
        .map_err(|error| format!("failed to write {}: {error}", path.display()).into())
}
