//! Within GitHub Actions: the report on the page of the job, and a line beside the change for each crash.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crashpoint_reports::{Report, render};

/// What a step may write; GitHub shows nothing at all of what is longer.
const SUMMARY_BYTES: u64 = 1 << 20;

/// What can't be told there is no failure of the run.
pub fn tell(report: &Report) {
    if let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|it| !it.is_empty())
        && let Err(error) = append(Path::new(&path), report)
    {
        eprintln!(
            "crashpoint: failed to write the summary of this step to {}: {error}",
            Path::new(&path).display()
        );
    }
    if env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        // Commands are read from both streams; the other one may carry JSON.
        for line in render::annotations(report) {
            eprintln!("{line}");
        }
    }
}

fn append(path: &Path, report: &Report) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    // Another command of the same step may have written before.
    let left = SUMMARY_BYTES.saturating_sub(file.metadata()?.len());
    let room = usize::try_from(left).unwrap_or(0).saturating_sub(1);
    let text = render::cut_to(&render::markdown(report), room);
    file.write_all(text.as_bytes())
}
