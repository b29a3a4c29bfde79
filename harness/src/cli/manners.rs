//! What the command line says of itself: completions and man pages.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct CompletionsOptions {
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub struct ManOptions {
    /// Where the pages are put
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
