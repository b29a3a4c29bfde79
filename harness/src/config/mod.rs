//! Where an option's value comes from: the built-in default, a profile, `crashpoint.toml`, or the
//! command line, each before the one that it gives way to.
//!
//! What a file says is put where the command line would have it, so that one parser judges both.

pub mod file;
mod layers;
pub(crate) mod nearest;
mod options;
mod profile;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use crashpoint_reports::event::Configured;

use crate::cli::{Cli, Command, RunOptions};
use crate::failure::Failure;
use file::File;
use layers::Layers;
pub use options::Origin;
use options::Setting;
pub use profile::Profile;

/// Says `--config` where no file is to be looked for.
pub const NO_FILE: &str = "none";

/// What the options of a run are, and why.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    pub file: Option<PathBuf>,
    pub profile: Option<Profile>,
    /// Every profile that could be named.
    pub profiles: Vec<Profile>,
    pub options: Vec<InForceOption>,
    /// Of those, what neither the command line nor the built-in defaults said: for the record.
    pub configured: Vec<Configured>,
}

#[derive(Debug, Clone)]
pub struct InForceOption {
    pub name: String,
    /// `None`: not set.
    pub value: Option<Vec<String>>,
    pub origin: Origin,
}

/// Why the options of a command cannot be had.
#[derive(Debug)]
pub enum Wrong {
    /// The command line itself; clap prints these, help among them.
    Words(Box<clap::Error>),
    /// A file or a profile.
    Configuration(Failure),
}

impl From<clap::Error> for Wrong {
    fn from(error: clap::Error) -> Wrong {
        Wrong::Words(Box::new(error))
    }
}

impl From<Failure> for Wrong {
    fn from(failure: Failure) -> Wrong {
        Wrong::Configuration(failure)
    }
}

/// This process's own.
pub fn command_line() -> Result<Cli, Failure> {
    let words = std::env::args_os().collect();
    match parse(words) {
        Ok(cli) => Ok(cli),
        Err(Wrong::Words(error)) => error.exit(),
        Err(Wrong::Configuration(failure)) => Err(failure),
    }
}

/// A command line, with what `crashpoint.toml` and the profile add to it.
pub fn parse(words: Vec<OsString>) -> Result<Cli, Wrong> {
    let matches = Cli::command().try_get_matches_from(&words)?;
    let Some(of_run) = of_run(&matches) else {
        return Ok(Cli::from_arg_matches(&matches)?);
    };
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let file = match of_run.get_one::<PathBuf>("config") {
        Some(path) if path == Path::new(NO_FILE) => None,
        Some(path) => Some(File::read(path)?),
        None => File::find(&folder)?,
    };
    let command = Cli::command();
    let layers = Layers::of(&command, file.as_ref(), of_run.get_one("profile"))?;
    let mut in_force = InForce {
        file: file.map(|file| file.path),
        profiles: layers.profiles,
        profile: layers.profile,
        ..InForce::default()
    };
    let used = layers::left(&command, layers.settings, |id| {
        of_run.value_source(id) == Some(ValueSource::CommandLine)
    });
    in_force.configured = used.iter().filter_map(Setting::recorded).collect();
    let added = used.iter().flat_map(Setting::words).collect();
    let merged = Cli::command()
        .try_get_matches_from(with(words, added))
        .map_err(|error| options::clash(&error, in_force.file.as_deref()))?;
    if let Some(merged) = self::of_run(&merged) {
        in_force.options = options::in_force(&command, merged, &used);
    }
    told(Cli::from_arg_matches(&merged)?, in_force)
}

/// A command line of an earlier process, with what was added to it then.
pub fn again(words: &[String], configured: &[Configured]) -> Result<Cli, Wrong> {
    let words = words.iter().map(Into::into).collect();
    let added = configured.iter().flat_map(Configured::words);
    let cli = Cli::try_parse_from(with(words, added.map(Into::into).collect()))?;
    let in_force = InForce {
        configured: configured.to_vec(),
        ..InForce::default()
    };
    told(cli, in_force)
}

fn told(mut cli: Cli, in_force: InForce) -> Result<Cli, Wrong> {
    let run = match &mut cli.command {
        None => &mut cli.run,
        Some(Command::Run(run) | Command::Config(run)) => run,
        Some(_) => return Ok(cli),
    };
    check(run)?;
    run.in_force = in_force;
    Ok(cli)
}

/// What one option wants of another, wherever either comes from.
fn check(run: &RunOptions) -> Result<(), Failure> {
    if run.top_p.is_some() && run.temperature.is_none() {
        return Err(Failure::usage(
            "--top-p chooses among sampled tokens: it needs --temperature",
        ));
    }
    Ok(())
}

/// The options of a run, where the command has any.
fn of_run(matches: &ArgMatches) -> Option<&ArgMatches> {
    match matches.subcommand() {
        None => Some(matches),
        Some(("run" | "config", of_run)) => Some(of_run),
        Some(_) => None,
    }
}

/// Puts words before all the others of the command.
fn with(mut words: Vec<OsString>, added: Vec<OsString>) -> Vec<OsString> {
    let names_it = words
        .get(1)
        .is_some_and(|word| word == "run" || word == "config");
    let at = (1 + usize::from(names_it)).min(words.len());
    words.splice(at..at, added);
    words
}
