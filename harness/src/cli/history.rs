//! What `crashpoint history` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// A folder of run directories or reports
    #[arg(value_name = "DIR", default_value = "crashpoint-runs")]
    pub folder: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    pub format: HistoryFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write the newest run for node_exporter's textfile collector, to a file that ends in .prom
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    Text,
    Json,
    /// A page with curves, in one file
    Html,
}
