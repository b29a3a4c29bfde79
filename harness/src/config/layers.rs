//! What the profile and the file say, one over the other.

use clap::Command;

use super::file::File;
use super::options::{self, Origin, Setting};
use super::profile::{self, Profile};
use crate::failure::Failure;

pub struct Layers {
    pub profile: Option<Profile>,
    pub profiles: Vec<Profile>,
    /// From below to above.
    pub settings: Vec<Setting>,
}

impl Layers {
    /// `profile` is the one that the command line names.
    pub fn of(
        command: &Command,
        file: Option<&File>,
        profile: Option<&String>,
    ) -> Result<Layers, Failure> {
        let mut of_file = Vec::new();
        if let Some(file) = file
            && let Some(value) = file.value("run")?
        {
            let table = profile::table(file, &value)?;
            of_file = options::settings(command, file, table, Origin::File)?;
        }
        let configured = of_file.iter().find(|setting| setting.name == "profile");
        let configured = configured.and_then(Setting::recorded);
        let named = profile.or_else(|| configured.as_ref()?.values.first());
        let chosen = profile::choose(command, file, named.map(String::as_str))?;
        let mut settings = chosen.settings;
        settings.extend(of_file);
        Ok(Layers {
            profile: chosen.profile,
            profiles: chosen.known,
            settings,
        })
    }
}

/// What is left of them where each gives way to those above it, and all of them to what was `given` on
/// the command line: to the same option, and to one that cannot be had together with it.
pub fn left(
    command: &Command,
    settings: Vec<Setting>,
    given: impl Fn(&str) -> bool,
) -> Vec<Setting> {
    let mut left: Vec<Setting> = Vec::new();
    for setting in settings {
        left.retain(|below| {
            below.origin.layer() == setting.origin.layer()
                || !clash(command, &below.id, &setting.id)
        });
        left.push(setting);
    }
    let all: Vec<&str> = command
        .get_arguments()
        .map(|arg| arg.get_id().as_str())
        .collect();
    left.retain(|setting| {
        let mut above = all.iter().filter(|id| given(id));
        !above.any(|id| clash(command, &setting.id, id))
    });
    left
}

/// The same option, or one that excludes the other.
fn clash(command: &Command, one: &str, other: &str) -> bool {
    let excludes = |one: &str, other: &str| {
        let arg = command.get_arguments().find(|arg| arg.get_id() == one);
        arg.is_some_and(|arg| {
            let excluded = command.get_arg_conflicts_with(arg);
            excluded.iter().any(|arg| arg.get_id() == other)
        })
    };
    one == other || excludes(one, other) || excludes(other, one)
}
