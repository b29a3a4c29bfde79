//! What `crashpoint compare` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct CompareOptions {
    /// A run directory, its journal or its report.json
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    #[arg(value_name = "AFTER", default_value = "crashpoint-runs/latest")]
    pub after: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    pub format: CompareFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    Text,
    Md,
    Json,
    /// A page in one file
    Html,
}
