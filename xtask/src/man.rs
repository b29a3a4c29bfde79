//! The man pages, made by the executable itself from the definition of its command line.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::Outcome;

#[derive(Args)]
pub struct Options {
    /// Where the pages are put
    #[arg(value_name = "DIR", default_value = "target/man")]
    folder: PathBuf,
}

pub fn run(options: &Options) -> Outcome {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet", "--package", "crashpoint", "--", "man"])
        .arg(&options.folder)
        .status()?;
    if !status.success() {
        return Err(format!("crashpoint man ended with {status}").into());
    }
    println!(
        "{}: man -l {}/crashpoint.1",
        options.folder.display(),
        options.folder.display()
    );
    Ok(())
}
