//! Profiles: options under a name. Those that are shipped are data, as those of `crashpoint.toml` are.

use std::path::PathBuf;

use clap::Command;
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::File;
use super::nearest::did_you_mean;
use super::options::{Origin, Setting, settings};
use crate::failure::Failure;

const SHIPPED: &str = include_str!("profiles.toml");
/// Where a shipped profile says it is written.
const HERE: &str = "shipped";

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    pub name: String,
    /// What it is for.
    pub about: Option<String>,
    /// The file, or that it came with crashpoint.
    pub from: String,
}

pub struct Chosen {
    pub profile: Option<Profile>,
    /// What it says.
    pub settings: Vec<Setting>,
    /// Every profile that can be named.
    pub known: Vec<Profile>,
}

/// The profile of this name. One of the file's own takes the place of a shipped one.
pub fn choose(
    command: &Command,
    file: Option<&File>,
    wanted: Option<&str>,
) -> Result<Chosen, Failure> {
    let shipped = File::of(PathBuf::from(HERE), SHIPPED.to_owned());
    let mut all: Vec<(Profile, Vec<Setting>)> = Vec::new();
    for source in [Some(&shipped), file].into_iter().flatten() {
        let from = source.path.display().to_string();
        for (profile, settings) in of(command, source, &from)? {
            all.retain(|(other, _)| other.name != profile.name);
            all.push((profile, settings));
        }
    }
    let known: Vec<Profile> = all.iter().map(|(profile, _)| profile.clone()).collect();
    let found = match wanted {
        None => None,
        Some(wanted) => {
            let found = all.into_iter().find(|(profile, _)| profile.name == wanted);
            Some(found.ok_or_else(|| unknown(wanted, &known))?)
        }
    };
    let (profile, settings) = found.unzip();
    Ok(Chosen {
        profile,
        settings: settings.unwrap_or_default(),
        known,
    })
}

fn unknown(wanted: &str, known: &[Profile]) -> Failure {
    let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
    Failure::usage(format!(
        "there is no profile {wanted:?}{}; there are: {}",
        did_you_mean(wanted, names.iter().copied()),
        names.join(", ")
    ))
}

fn of(command: &Command, file: &File, from: &str) -> Result<Vec<(Profile, Vec<Setting>)>, Failure> {
    let Some(value) = file.value("profile")? else {
        return Ok(Vec::new());
    };
    let mut profiles = Vec::new();
    for (name, value) in table(file, &value)? {
        let mut options = table(file, value)?.clone();
        let about = match options
            .remove("about")
            .map(|it| (it.span(), it.into_inner()))
        {
            None => None,
            Some((_, DeValue::String(text))) => Some(text.into_owned()),
            Some((span, _)) => return Err(file.wrong(span, "it must be text")),
        };
        let name = name.get_ref().to_string();
        if let Some((key, _)) = options.iter().find(|(key, _)| key.get_ref() == "profile") {
            return Err(file.wrong(key.span(), "a profile cannot name another one"));
        }
        let origin = |place: String| Origin::Profile(name.clone(), place_of(from, place));
        let settings = settings(command, file, &options, origin)?;
        profiles.push((
            Profile {
                about,
                from: from.to_owned(),
                name,
            },
            settings,
        ));
    }
    Ok(profiles)
}

fn place_of(from: &str, place: String) -> String {
    if from == HERE { from.to_owned() } else { place }
}

pub fn table<'a, 'i>(
    file: &File,
    value: &'a Spanned<DeValue<'i>>,
) -> Result<&'a DeTable<'i>, Failure> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err(file.wrong(value.span(), "it must be a table of options")),
    }
}
