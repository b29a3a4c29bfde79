//! One fault many times: how often it came to what is stated, and what the record said.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use crashpoint_reports::Report;

/// What `crashpoint suite` leaves with if its filter matched nothing that can run here.
const NOTHING_RAN: i32 = 4;

#[derive(Debug, Default)]
pub struct Tally {
    pub tried: u32,
    pub right: u32,
    /// It cannot be had on this machine.
    pub not_here: bool,
    /// Each with how often it was seen.
    pub endings: BTreeMap<String, u32>,
    pub classes: BTreeMap<String, u32>,
    pub places: BTreeMap<String, u32>,
    pub left: Vec<String>,
    /// What was wrong, the first time.
    pub wrong: Option<String>,
}

impl Tally {
    pub fn add(
        &mut self,
        command: &mut Command,
        folder: &Path,
        name: &str,
    ) -> Result<(), Box<dyn Error>> {
        let ran = command.arg(format!("fault::{name}")).output()?;
        fs::create_dir_all(folder)?;
        if ran.status.code() == Some(NOTHING_RAN) {
            self.not_here = true;
            return Ok(());
        }
        self.tried += 1;
        if ran.status.success() {
            self.right += 1;
        } else {
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            self.wrong.get_or_insert(said);
        }
        let path = folder.join(format!("suite/fault-{name}/latest/report.json"));
        let Ok(text) = fs::read(path) else {
            return Ok(());
        };
        let report: Report = serde_json::from_slice(&text)?;
        let attempt = report.cases.iter().flat_map(|case| &case.attempts).next();
        if let Some(attempt) = attempt {
            count(&mut self.endings, attempt.ending.to_string());
            let class = attempt.verdict.as_ref().map_or_else(
                || "none".to_owned(),
                |verdict| match verdict.confidence {
                    crashpoint_reports::Confidence::None => verdict.class.to_string(),
                    sure => format!("{} ({sure})", verdict.class),
                },
            );
            count(&mut self.classes, class);
            let place = attempt.crash_point.as_ref().map(|point| match point.image {
                Some(image) => format!("image {image}, {}", point.phase),
                None => point.phase.to_string(),
            });
            count(
                &mut self.places,
                place.unwrap_or_else(|| "survived".to_owned()),
            );
        }
        Ok(())
    }

    pub fn is_right(&self) -> bool {
        self.not_here || (self.right == self.tried && self.left.is_empty())
    }

    pub fn summary(&self) -> String {
        if self.not_here {
            return "not on this machine".to_owned();
        }
        let mut line = format!("{} of {}", self.right, self.tried);
        if let Some(wrong) = &self.wrong {
            line += &format!("\n{wrong}");
        }
        if !self.left.is_empty() {
            line += &format!("\nleft behind: {}", self.left.join(", "));
        }
        line
    }
}

fn count(seen: &mut BTreeMap<String, u32>, what: String) {
    *seen.entry(what).or_default() += 1;
}
