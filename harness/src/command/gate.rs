//! `crashpoint gate`: decides over runs, by exit code.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crashpoint_reports::gate::{self, Decision, Verdict};
use crashpoint_reports::{Report, render};

use super::finish::{colored, print};
use crate::cli::{GateFormat, GateLimits, GateOptions};
use crate::config::file::File;
use crate::exit_code;
use crate::failure::Failure;
use crate::reports_at;
use crate::run_directory::write_whole;

pub fn gate(options: &GateOptions) -> Result<u8, Failure> {
    let mut candidate = Vec::new();
    for path in &options.reports {
        candidate.extend(reports_at::all(path)?);
    }
    let limits = limits(&options.limits)?;
    let baseline = match &limits.baseline {
        Some(path) => baseline(path, &candidate)?,
        None => Vec::new(),
    };
    let decision = gate::decide(&candidate, &baseline, &limits.limits());
    let format = if options.json {
        GateFormat::Json
    } else {
        options.format
    };
    print(&match format {
        GateFormat::Text => render::gate(&decision, colored(options.color)),
        GateFormat::Json => render::gate_json(&decision),
        GateFormat::Md => render::gate_markdown(&decision),
    })?;
    if let Some(path) = &options.write_baseline {
        keep(path, &candidate, &decision)?;
    }
    Ok(code(decision.verdict))
}

/// With what `crashpoint.toml` says of a gate, in the nearest folder that has one.
fn limits(given: &GateLimits) -> Result<GateLimits, Failure> {
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let Some(file) = File::find(&folder)? else {
        return Ok(given.clone());
    };
    let mut said: GateLimits = file.table("gate")?.unwrap_or_default();
    // It means its own folder, wherever the command is given.
    said.baseline = said.baseline.map(|path| match file.path.parent() {
        Some(folder) => folder.join(path),
        None => path,
    });
    Ok(given.clone().or(said))
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => exit_code::OK,
        Verdict::Regression => exit_code::REGRESSION,
        Verdict::Inconclusive => exit_code::INCONCLUSIVE,
        Verdict::NothingToJudge => exit_code::NOTHING_RAN,
    }
}

/// A run is no measure of itself: where the runs of both lie in one folder, the judged ones are left out.
fn baseline(path: &Path, candidate: &[Report]) -> Result<Vec<Report>, Failure> {
    let mut reports = reports_at::all(path)?;
    reports.retain(|report| candidate.iter().all(|it| it.run.id != report.run.id));
    if reports.is_empty() {
        return Err(Failure::usage(format!(
            "the baseline {} holds no run but what is judged: name another one with --baseline",
            path.display()
        )));
    }
    Ok(reports)
}

/// Whatever was judged a regression would be the measure of the next one.
fn keep(path: &Path, candidate: &[Report], decision: &Decision) -> Result<(), Failure> {
    if matches!(
        decision.verdict,
        Verdict::Regression | Verdict::NothingToJudge
    ) {
        eprintln!(
            "crashpoint: no baseline is written after this verdict; leave out --baseline to accept the change"
        );
        return Ok(());
    }
    let write = |path: &Path, report: &Report| {
        write_whole(path, render::json(report).as_bytes())
            .map_err(|error| Failure::write(path, &error))
    };
    if path.extension().is_some_and(|it| it == "json") {
        return match candidate {
            [report] => write(path, report),
            several => Err(Failure::usage(format!(
                "{} is one file, and {} runs were judged: name a folder with --write-baseline",
                path.display(),
                several.len()
            ))),
        };
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::write(path, &error))?;
    for report in candidate {
        write(&path.join(file_name(&report.run.id)), report)?;
    }
    Ok(())
}

/// An id is whatever a report says it is.
fn file_name(id: &str) -> String {
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || "-_".contains(letter) {
            letter
        } else {
            '_'
        }
    };
    format!("{}.json", id.chars().map(safe).collect::<String>())
}
