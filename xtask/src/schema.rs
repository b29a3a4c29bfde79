//! The JSON Schemas, written where other programs look for it.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::Outcome;

#[derive(Args)]
pub struct Options {
    /// Write nothing, and fail if a committed schema is not the current one
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/schema");
    for document in crashpoint_reports::schema::ALL {
        let path = folder.join(document.file);
        let current = (document.text)();
        if options.check {
            let committed = fs::read_to_string(&path)
                .map_err(|error| format!("failed to read {}: {error}", path.display()))?;
            if committed != current {
                return Err(format!(
                    "{} is out of date: run `cargo xtask schema`, and look at the difference",
                    document.file
                )
                .into());
            }
            continue;
        }
        fs::create_dir_all(&folder)?;
        fs::write(&path, current)
            .map_err(|error| format!("failed to write {}: {error}", path.display()))?;
    }
    Ok(())
}
