//! The end of every command that made a run: show the report, and choose the exit code by it.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crashpoint_reports::{Outcome, Report, render};

use crate::cli::{ColorChoice, Common};
use crate::exit_code;
use crate::failure::Failure;
use crate::github;
use crate::supervise::settle;

pub fn finish(common: &Common, report: &Report, directory: &Path) -> Result<u8, Failure> {
    if common.json {
        print(&render::json(report))?;
    } else {
        print(&render::terminal(report, colored(common.color)))?;
        if !common.quiet {
            eprintln!("report: {}", directory.join("report.html").display());
        }
    }
    github::tell(report);
    Ok(exit_code_of(report))
}

pub fn colored(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Of the terminal on standard output; 80 elsewhere.
pub fn columns() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|&columns| columns > 0)
        .unwrap_or(80)
}

/// A reader that has left (`| head`) is no failure of ours.
pub fn print(text: &str) -> Result<(), Failure> {
    settle();
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::harness(
            format!("failed to print the result: {error}"),
        )),
        _ => Ok(()),
    }
}

/// By the report alone, so that a report read later means the same.
pub fn exit_code_of(report: &Report) -> u8 {
    // What was found out about a crash afterwards does not change what the run came to.
    let attempts = || {
        let all = report.cases.iter().flat_map(|case| &case.attempts);
        all.filter(|attempt| attempt.counts())
    };
    match report.run.interrupted_by {
        Some(nix::libc::SIGINT) => return exit_code::INTERRUPTED,
        Some(_) => return exit_code::TERMINATED,
        None => {}
    }
    if attempts().next().is_none() {
        return exit_code::NOTHING_RAN;
    }
    let refused =
        attempts().any(|attempt| attempt.error.as_ref().is_some_and(|error| error.refused));
    if refused {
        return exit_code::UNFIT;
    }
    // What was interrupted in a run that is not was tried again when the run went on.
    let survived = attempts()
        .filter(|attempt| !attempt.ending.interrupted)
        .all(|attempt| attempt.outcome == Outcome::Survived);
    if survived && report.findings.is_empty() {
        exit_code::OK
    } else {
        exit_code::FOUND
    }
}
