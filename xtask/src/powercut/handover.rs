//! What the machine handed over about a run: its journal, and what the program under test made of it.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use crashpoint_reports::journal::Reader;
use crashpoint_reports::report::JournalState;
use crashpoint_reports::{Record, Report};

use super::tool;

#[derive(Debug)]
pub struct Handover {
    folder: PathBuf,
}

impl Handover {
    /// Unpacks the archive into a fresh folder.
    pub fn unpack(archive: &Path, folder: &Path) -> Result<Handover, Box<dyn Error>> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        tool::run(
            Command::new("tar")
                .arg("-xf")
                .arg(archive)
                .arg("-C")
                .arg(folder),
        )?;
        Ok(Handover {
            folder: folder.join("told"),
        })
    }

    /// Every record that can be read, and what the reader found; nothing if there is no run.
    pub fn journal(&self) -> Result<(Vec<Record>, JournalState), Box<dyn Error>> {
        let mut segments: Vec<PathBuf> = match fs::read_dir(self.folder.join("run")) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => Vec::new(),
        };
        segments.retain(|path| path.extension().is_some_and(|kind| kind == "jsonl"));
        segments.sort();
        let mut records = Vec::new();
        let mut reader = Reader::new();
        for path in segments {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            reader.segment(&name, None, BufReader::new(File::open(&path)?), |record| {
                records.push(record);
            })?;
        }
        Ok((records, reader.finish()))
    }

    /// What ended the run, as recovery put it into its report.
    pub fn told(&self) -> Result<Option<String>, Box<dyn Error>> {
        let report = self.report()?;
        Ok(report
            .recovery
            .map(|recovery| recovery.ended_by.to_string()))
    }

    pub fn report(&self) -> Result<Report, Box<dyn Error>> {
        let text = fs::read(self.folder.join("report.json"))?;
        serde_json::from_slice(&text).map_err(|error| {
            let said = fs::read_to_string(self.folder.join("report.err")).unwrap_or_default();
            format!("no report was made: {error}: {}", said.trim()).into()
        })
    }
}
