//! `crashpoint recover`: what ended a run that never ended, and its report.

use std::path::{Path, PathBuf};

use crashpoint_reports::{Report, render};

use super::finish::{colored, print};
use crate::cli::RecoverOptions;
use crate::exit_code;
use crate::failure::Failure;
use crate::recover::{Looked, name, recover, unfinished, without_writing};

pub fn recover_runs(options: &RecoverOptions) -> Result<u8, Failure> {
    match &options.run {
        Some(run) => one(options, run),
        None => all(options),
    }
}

fn one(options: &RecoverOptions, run: &Path) -> Result<u8, Failure> {
    if options.force {
        let report = without_writing(run)?;
        show(options, &report, run)?;
        return Ok(code_of(&report));
    }
    let (looked, report) = recover(run)?;
    match looked {
        Looked::Complete => {
            show(options, &report, run)?;
            eprintln!(
                "crashpoint: the run {} came to its own end: there is nothing to recover",
                name(run)
            );
            Ok(exit_code::OK)
        }
        Looked::Known | Looked::Recovered(_) => {
            show(options, &report, run)?;
            Ok(code_of(&report))
        }
        Looked::Nothing => Err(Failure::usage(format!(
            "the journal in {} has no whole header: nothing of that run was recorded",
            run.display()
        ))),
        Looked::NotOver(why) => Err(Failure::usage(format!(
            "the run {} is not over: {why}; wait for its end, or read what it has so far with --force",
            name(run)
        ))),
    }
}

/// Those in `--out` that never ended.
fn all(options: &RecoverOptions) -> Result<u8, Failure> {
    let runs = unfinished(&options.out).map_err(|error| {
        Failure::usage(format!(
            "failed to look for runs in {}: {error}; name the place with --out, or a run itself",
            options.out.display()
        ))
    })?;
    let mut reports: Vec<(PathBuf, Report)> = Vec::new();
    let mut failed = None;
    for run in runs {
        let looked = if options.force {
            without_writing(&run).map(Some)
        } else {
            recover(&run).map(|(looked, report)| reported(&looked, &run).then_some(report))
        };
        match looked {
            Ok(Some(report)) => reports.push((run, report)),
            Ok(None) => {}
            // One that can't be read must not hide the others.
            Err(failure) => {
                eprintln!("crashpoint: {}: {failure}", name(&run));
                failed.get_or_insert(failure);
            }
        }
    }
    if options.json {
        let reports: Vec<&Report> = reports.iter().map(|(_, report)| report).collect();
        print(&render::json_list(&reports))?;
    } else {
        for (run, report) in &reports {
            show(options, report, run)?;
        }
    }
    if reports.is_empty() {
        return match failed {
            Some(failure) => Err(Failure {
                message: "no run could be recovered".to_owned(),
                ..failure
            }),
            None => {
                eprintln!(
                    "crashpoint: every run in {} that is over came to its own end or was recovered before: there is nothing to recover",
                    options.out.display()
                );
                Ok(exit_code::OK)
            }
        };
    }
    let found = reports
        .iter()
        .any(|(_, report)| code_of(report) != exit_code::OK);
    Ok(if found {
        exit_code::FOUND
    } else {
        exit_code::OK
    })
}

/// Whether its end was found out just now.
fn reported(looked: &Looked, run: &Path) -> bool {
    if let Looked::NotOver(why) = looked {
        eprintln!("crashpoint: left out the run {}: {why}", name(run));
    }
    matches!(looked, Looked::Recovered(_))
}

fn show(options: &RecoverOptions, report: &Report, run: &Path) -> Result<(), Failure> {
    if options.json {
        return print(&render::json(report));
    }
    print(&render::terminal(report, colored(options.color)))?;
    let page = run.join("report.md");
    if page.is_file() {
        eprintln!("report: {}", page.display());
    }
    Ok(())
}

/// What ended it is a death, whatever it was.
fn code_of(report: &Report) -> u8 {
    if report.recovery.is_some() && !report.run.complete {
        exit_code::FOUND
    } else {
        exit_code::OK
    }
}
