//! One option as a file says it: a long name, a value, and where that was said.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};
use crashpoint_reports::event::Configured;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::InForceOption;
use super::file::File;
use super::nearest::did_you_mean;
use crate::failure::Failure;

/// What only whoever starts a run can decide, and what a file that was forgotten must not do.
const SPOKEN_ONLY: [&str; 6] = [
    "config",
    "auto-resume",
    "yes",
    "print-unit",
    "inject",
    "help",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// With where it is written.
    Profile(String, String),
    File(String),
    CommandLine,
}

impl Origin {
    /// What is said in a higher one counts.
    pub fn layer(&self) -> u8 {
        match self {
            Origin::Default => 0,
            Origin::Profile(..) => 1,
            Origin::File(_) => 2,
            Origin::CommandLine => 3,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Profile(name, place) => write!(f, "profile {name} ({place})"),
            Origin::File(place) => f.write_str(place),
            Origin::CommandLine => f.write_str("command line"),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Setting {
    pub name: String,
    /// Clap's name for it.
    pub id: String,
    value: Value,
    pub origin: Origin,
}

#[derive(Debug, Clone)]
enum Value {
    /// Of an option that takes no value.
    Flag(bool),
    Values(Vec<String>),
}

impl Setting {
    /// `None`: a flag that is not given.
    pub fn recorded(&self) -> Option<Configured> {
        let values = match &self.value {
            Value::Flag(false) => return None,
            Value::Flag(true) => Vec::new(),
            Value::Values(values) => values.clone(),
        };
        Some(Configured {
            option: self.name.clone(),
            values,
            from: self.origin.to_string(),
        })
    }

    /// As the command line would have it.
    pub fn words(&self) -> Vec<OsString> {
        let recorded = self.recorded().map(|it| it.words());
        recorded.into_iter().flatten().map(Into::into).collect()
    }
}

/// The options of a run that a file can carry.
pub fn carried(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| {
        let name = arg.get_long().unwrap_or("help");
        !arg.is_hide_set() && !SPOKEN_ONLY.contains(&name) && name != "version"
    })
}

/// All that a table says. `origin` is told the place of each.
pub fn settings(
    command: &Command,
    file: &File,
    table: &DeTable<'_>,
    origin: impl Fn(String) -> Origin,
) -> Result<Vec<Setting>, Failure> {
    table
        .iter()
        .map(|(key, value)| {
            let name: &str = key.get_ref();
            let Some(arg) = carried(command).find(|arg| arg.get_long() == Some(name)) else {
                return Err(file.wrong(key.span(), &no_option(command, name)));
            };
            let wrong = |what: &str| file.wrong(value.span(), what);
            let setting = Setting {
                name: name.to_owned(),
                id: arg.get_id().to_string(),
                value: self::value(arg, value, &file.path).map_err(|what| wrong(&what))?,
                origin: origin(file.place(key.span().start)),
            };
            judge(command, &setting).map_err(|what| wrong(&what))?;
            Ok(setting)
        })
        .collect()
}

fn no_option(command: &Command, name: &str) -> String {
    if SPOKEN_ONLY.contains(&name) {
        return format!("--{name} can be said on the command line alone");
    }
    let names = carried(command).filter_map(Arg::get_long);
    format!("there is no such option{}", did_you_mean(name, names))
}

fn value(arg: &Arg, value: &Spanned<DeValue<'_>>, file: &Path) -> Result<Value, String> {
    if !arg.get_action().takes_values() {
        return match value.get_ref() {
            DeValue::Boolean(is) => Ok(Value::Flag(*is)),
            _ => Err("it must be true or false".to_owned()),
        };
    }
    let several = matches!(arg.get_action(), ArgAction::Append);
    let values = match value.get_ref() {
        DeValue::Array(values) if several => values.iter().map(Spanned::get_ref).collect(),
        DeValue::Array(_) => return Err("it must be one value".to_owned()),
        one => vec![one],
    };
    let is_path = !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other);
    let values = values.into_iter().map(|value| {
        let word = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(is) => is.to_string(),
            other => return Err(format!("it cannot be a {}", other.type_str())),
        };
        let relative = is_path || word.starts_with("./") || word.starts_with("../");
        Ok(match file.parent().filter(|_| relative) {
            // It means the same wherever the command is started.
            Some(folder) => folder.join(word).to_string_lossy().into_owned(),
            None => word,
        })
    });
    values.collect::<Result<_, _>>().map(Value::Values)
}

/// By the option's own parser.
fn judge(command: &Command, setting: &Setting) -> Result<(), String> {
    let words = std::iter::once(OsString::from("crashpoint")).chain(setting.words());
    match command.clone().try_get_matches_from(words) {
        Err(error) if is_of_the_value(error.kind()) => Err(sentence(&error)),
        // What it wants of other options is seen when all are together.
        _ => Ok(()),
    }
}

fn is_of_the_value(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict
    )
}

/// What clap says, in one line.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.map(str::trim).collect();
    let text = lines.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

/// Options that are each right and not right together.
pub fn clash(error: &clap::Error, file: Option<&Path>) -> Failure {
    let with = match file {
        Some(file) => format!("with the options of {}", file.display()),
        None => "with the options of the profile".to_owned(),
    };
    Failure::usage(format!("{with}, {}", sentence(error)))
}

pub fn in_force(command: &Command, merged: &ArgMatches, used: &[Setting]) -> Vec<InForceOption> {
    let listed = carried(command).filter_map(|arg| Some((arg, arg.get_long()?)));
    listed
        .map(|(arg, name)| {
            let id = arg.get_id().as_str();
            let values = merged.get_raw(id).map(|values| {
                let values = values.map(|value| value.to_string_lossy().into_owned());
                values.collect::<Vec<_>>()
            });
            let origin = match used.iter().find(|setting| setting.id == id) {
                Some(setting) => setting.origin.clone(),
                None if merged.value_source(id) == Some(ValueSource::CommandLine) => {
                    Origin::CommandLine
                }
                None => Origin::Default,
            };
            InForceOption {
                name: name.to_owned(),
                value: values,
                origin,
            }
        })
        .collect()
}
