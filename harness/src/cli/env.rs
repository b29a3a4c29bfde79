//! What `crashpoint env` is told.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use super::ColorChoice;

#[derive(Debug, Args)]
pub struct EnvOptions {
    #[command(subcommand)]
    pub action: EnvAction,
}

#[derive(Debug, Subcommand)]
pub enum EnvAction {
    /// Take down an environment, without secrets: of this shell, a process, a unit or a command
    #[command(
        after_help = "Examples: crashpoint env capture -o works.json; crashpoint env capture --unit llava.service -o fails.json; crashpoint env capture --command -- ./start.sh"
    )]
    Capture(CaptureOptions),
    /// Say where two environments differ, what matters most first; exits with 10 if anything may matter
    #[command(
        after_help = "Examples: crashpoint env diff works.json fails.json; crashpoint env diff self unit:llava.service; crashpoint env diff pid:4711 user-unit:llava.service --all"
    )]
    Diff(DiffOptions),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("of").args(["pid", "unit", "command"]))]
pub struct CaptureOptions {
    /// Of this process
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub pid: Option<i32>,
    /// Of this unit's main process; of a unit that does not run, what its files say
    #[arg(long, value_name = "NAME")]
    pub unit: Option<String>,
    /// The unit is one of the user's own service manager
    #[arg(long, requires = "unit")]
    pub user: bool,
    /// Of the command after --: it is started, looked at and ended
    #[arg(long, requires = "words")]
    pub command: bool,
    /// How long the command may run before it is looked at for the last time, and ended
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration, requires = "command")]
    pub settle: Duration,
    /// The file to be written [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD", requires = "command")]
    pub words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct DiffOptions {
    /// What works: a file of `env capture`, self, pid:N, unit:NAME or user-unit:NAME
    #[arg(value_name = "A")]
    pub a: String,
    /// What does not
    #[arg(value_name = "B")]
    pub b: String,
    /// Tell harmless differences one by one too
    #[arg(long)]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}
