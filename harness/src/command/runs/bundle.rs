//! `crashpoint runs bundle`: what somebody else needs to read a crash, and nothing of the machine's
//! memory.
//!
//! The report is made anew from the redacted one, and logs are redacted as text. The journal is left
//! out: each of its lines carries a check over its exact bytes. Dumps are left out too.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crashpoint_reports::{Report, render};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cli::BundleOptions;
use crate::command::finish::print;
use crate::exit_code;
use crate::failure::Failure;
use crate::redact::Redaction;
use crate::{recover, reports_at};

/// What attempts leave as text.
const LOGS: [&str; 3] = ["stdout.log", "stderr.log", "crash.json"];
/// Logs are cut by the supervisor at 2 MiB; what is longer is not one of them.
const LONGEST: u64 = 8 << 20;

pub fn bundle(options: &BundleOptions) -> Result<u8, Failure> {
    let redaction = Redaction::new(&options.without);
    let report = redacted(&reports_at::one(&options.run)?, &redaction)?;
    let name = recover::name(&options.run);
    let to = options
        .to
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name}.tar.gz")));
    let failed = |error: std::io::Error| Failure::write(&to, &error);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&to)
        .map_err(failed)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    let mut add = |path: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, format!("{name}/{path}"), text.as_bytes())
    };
    let mut kept = vec!["report.json".to_owned(), "report.md".to_owned()];
    add("report.json", &render::json(&report)).map_err(failed)?;
    add("report.md", &render::markdown(&report)).map_err(failed)?;
    let mut left = Vec::new();
    for path in files(&options.run.join("attempts")) {
        let within = path
            .strip_prefix(&options.run)
            .unwrap_or(&path)
            .display()
            .to_string();
        match text(&path) {
            Some(text) => {
                add(&within, &redaction.text(&text)).map_err(failed)?;
                kept.push(within);
            }
            None => left.push(within),
        }
    }
    archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|mut file| file.flush().and_then(|()| file.sync_all()))
        .map_err(failed)?;
    print(&told(&to, &kept, &left))?;
    Ok(exit_code::OK)
}

fn told(to: &Path, kept: &[String], left: &[String]) -> String {
    let mut text = format!("{}: {}\n", to.display(), kept.join(", "));
    let left: Vec<&str> = left
        .iter()
        .map(String::as_str)
        .chain(["the journal"])
        .collect();
    text += &format!(
        "left out: {}\nLook at it before you share it: only known shapes of secrets are taken out.\n",
        left.join(", ")
    );
    text
}

fn redacted(report: &Report, redaction: &Redaction) -> Result<Report, Failure> {
    let mut value = serde_json::to_value(report).map_err(Failure::harness)?;
    redaction.value(&mut value);
    serde_json::from_value(value).map_err(Failure::harness)
}

/// Of all attempts, in order; links are not followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}

/// `None` for what is not a log.
fn text(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    if !LOGS.contains(&name) || path.metadata().ok()?.len() > LONGEST {
        return None;
    }
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}
