//! Where an environment is taken from: a file, this process, another one, a unit.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use crashpoint_probes::bounded::in_time;
use crashpoint_probes::env::{PROPERTIES, Shown, of_process, of_stopped, of_this};
use crashpoint_reports::env::{Capture, Kind, Subject};

use crate::auto_resume::Manager;
use crate::failure::Failure;
use crate::redact::Redaction;

/// A process's files may lie on a server that does not answer.
const ANSWERS: Duration = Duration::from_secs(20);
/// No capture comes near it.
const MOST_BYTES: u64 = 16 << 20;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    This,
    File(PathBuf),
    Process(i32),
    Unit(Manager, String),
}

impl Source {
    pub fn unit(name: &str, is_users: bool) -> Source {
        let manager = match is_users {
            true => Manager::User,
            false => Manager::System,
        };
        Source::Unit(manager, name.to_owned())
    }

    /// `self`, `pid:N`, `unit:NAME`, `user-unit:NAME`; anything else is a file.
    pub fn parse(word: &str) -> Result<Source, Failure> {
        Ok(match word.split_once(':') {
            None if word == "self" => Source::This,
            Some(("pid", number)) => {
                Source::Process(number.parse().ok().filter(|&pid| pid > 0).ok_or_else(|| {
                    Failure::usage(format!("{word}: {number:?} is no process id"))
                })?)
            }
            Some(("unit", name)) if !name.is_empty() => Source::unit(name, false),
            Some(("user-unit", name)) if !name.is_empty() => Source::unit(name, true),
            _ => Source::File(word.into()),
        })
    }

    pub fn take(self) -> Result<Capture, Failure> {
        let taken = in_time(ANSWERS, move || self.seen());
        let mut capture = taken.ok_or_else(|| {
            let seconds = ANSWERS.as_secs();
            Failure::unfit(format!(
                "the environment could not be read within {seconds} s: a file of it may lie on a server that does not answer"
            ))
        })??;
        without_secrets(&mut capture);
        Ok(capture)
    }

    fn seen(&self) -> Result<Capture, Failure> {
        match self {
            Source::This => {
                of_this(Subject::new(Kind::This, "", ""), VERSION).map_err(Failure::unfit)
            }
            Source::File(path) => file(path),
            Source::Process(pid) => process(*pid, Subject::new(Kind::Process, pid.to_string(), "")),
            Source::Unit(manager, name) => unit(*manager, name),
        }
    }
}

/// What an allowed value holds all the same goes by its shape.
pub(super) fn without_secrets(capture: &mut Capture) {
    let redaction = Redaction::of_secrets();
    capture.rewrite(|text| redaction.text(text));
}

fn file(path: &PathBuf) -> Result<Capture, Failure> {
    let failed = |why: String| Failure::usage(format!("failed to read {}: {why}", path.display()));
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|error| failed(error.to_string()))?;
    Capture::read(&text).map_err(failed)
}

fn process(pid: i32, of: Subject) -> Result<Capture, Failure> {
    of_process(pid, of, VERSION).map_err(Failure::unfit)
}

fn unit(manager: Manager, name: &str) -> Result<Capture, Failure> {
    manager.is_there().map_err(|why| {
        let kind = manager.name();
        Failure::unfit(format!(
            "the {kind} service manager does not answer, so there is no unit to be read ({why}); capture the process itself with --pid N, or what starts it with --command"
        ))
    })?;
    let unfit = |why: String| Failure::unfit(format!("failed to read unit {name}: {why}"));
    let property = format!("--property={PROPERTIES}");
    let shown = manager
        .ask(&["show", &property, "--", name])
        .map_err(unfit)?;
    let shown = Shown::parse(&shown);
    let kind = match manager {
        Manager::System => Kind::Unit,
        Manager::User => Kind::UserUnit,
    };
    let id = shown.get("Id").unwrap_or(name).to_owned();
    if !shown.is_loaded() {
        let state = shown.get("LoadState").unwrap_or("unknown");
        return Err(Failure::usage(format!(
            "the {} service manager has no unit {id} that is loaded: {state}",
            manager.name()
        )));
    }
    let of = |state: String| Subject::new(kind, id, state);
    if let Some(pid) = shown.main_pid() {
        return process(pid, of(format!("{}, process {pid}", shown.state())));
    }
    let environment = manager.ask(&["show-environment"]).map_err(unfit)?;
    let of = of(shown.state());
    Ok(of_stopped(&shown, &environment, of, VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_a_source() {
        for (word, source) in [
            ("self", Source::This),
            ("pid:7", Source::Process(7)),
            (
                "unit:a@b.service",
                Source::Unit(Manager::System, "a@b.service".into()),
            ),
            ("user-unit:a", Source::Unit(Manager::User, "a".into())),
            ("works.json", Source::File("works.json".into())),
            ("C:x", Source::File("C:x".into())),
            ("unit:", Source::File("unit:".into())),
        ] {
            assert_eq!(Source::parse(word).unwrap(), source);
        }
        for word in ["pid:x", "pid:-1", "pid:0", "pid:"] {
            assert!(Source::parse(word).is_err(), "{word}");
        }
    }
}
