//! `crashpoint env`: the environment of a shell, a process, a unit or a command, taken down or compared.

mod command;
mod source;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crashpoint_reports::env::{Capture, diff as differences};
use crashpoint_reports::render;

use super::finish::{colored, columns, print};
use crate::cli::{CaptureOptions, DiffOptions, EnvAction, EnvOptions};
use crate::exit_code;
use crate::failure::Failure;
use source::Source;

pub fn env(options: &EnvOptions) -> Result<u8, Failure> {
    match &options.action {
        EnvAction::Capture(options) => capture(options),
        EnvAction::Diff(options) => diff(options),
    }
}

fn capture(options: &CaptureOptions) -> Result<u8, Failure> {
    let capture = match (options.pid, &options.unit, options.command) {
        (Some(pid), ..) => Source::Process(pid).take()?,
        (_, Some(name), _) => Source::unit(name, options.user).take()?,
        (.., true) => command::capture(&options.words, options.settle)?,
        _ => Source::This.take()?,
    };
    match &options.output {
        Some(file) => write(file, &capture)?,
        None => print(&capture.json())?,
    }
    Ok(exit_code::OK)
}

/// For nobody else's eyes until its owner hands it on.
fn write(file: &Path, capture: &Capture) -> Result<(), Failure> {
    let mut open = OpenOptions::new();
    let opened = open.write(true).create(true).truncate(true).mode(0o600);
    opened
        .open(file)
        .and_then(|mut opened| opened.write_all(capture.json().as_bytes()))
        .map_err(|error| Failure::unfit(format!("failed to write {}: {error}", file.display())))
}

fn diff(options: &DiffOptions) -> Result<u8, Failure> {
    let a = Source::parse(&options.a)?.take()?;
    let b = Source::parse(&options.b)?.take()?;
    let found = differences(&a, &b);
    print(&if options.json {
        render::env_diff_json(&found)
    } else {
        render::env_diff(&found, options.all, columns(), colored(options.color))
    })?;
    Ok(if found.is_empty() {
        exit_code::OK
    } else {
        exit_code::FOUND
    })
}
