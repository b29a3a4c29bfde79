//! What `crashpoint runs` is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsOptions {
    #[command(subcommand)]
    pub action: Option<RunsAction>,
    #[command(flatten)]
    pub list: ListOptions,
}

#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List the run directories: state, size and result (what `crashpoint runs` does)
    #[command(after_help = "Example: crashpoint runs list --out /srv/runs --json")]
    List(ListOptions),
    /// Remove old run directories; says what it would remove unless --yes is given
    #[command(after_help = "Example: crashpoint runs prune --keep 20 --older-than 30d --yes")]
    Prune(PruneOptions),
    /// Follow a run that goes on now, until it ends
    #[command(after_help = "Example: crashpoint runs attach")]
    Attach(AttachOptions),
    /// Pack a run to be shared: without dumps of memory, and with names and secrets taken out
    #[command(
        after_help = "Example: crashpoint runs bundle crashpoint-runs/latest --to crash.tar.gz"
    )]
    Bundle(BundleOptions),
}

#[derive(Debug, Args)]
pub struct ListOptions {
    /// Where run directories are
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").args(["keep", "older_than"]).required(true).multiple(true))]
pub struct PruneOptions {
    /// Where run directories are
    #[arg(long, value_name = "DIR", default_value = "crashpoint-runs")]
    pub out: PathBuf,
    /// Keep the newest N, whatever their age
    #[arg(long, value_name = "N", default_value = "1")]
    pub keep: usize,
    /// Remove only what began longer ago than this
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub older_than: Option<Duration>,
    /// Remove, instead of saying what would be removed
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct AttachOptions {
    /// A run directory
    #[arg(value_name = "RUN", default_value = "crashpoint-runs/latest")]
    pub run: PathBuf,
}

#[derive(Debug, Args)]
pub struct BundleOptions {
    /// A run directory
    #[arg(value_name = "RUN", default_value = "crashpoint-runs/latest")]
    pub run: PathBuf,
    /// The file to be written [default: the run's name with .tar.gz]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// A word that must not be in it, besides this machine's and this user's names
    #[arg(long, value_name = "WORD")]
    pub without: Vec<String>,
}
