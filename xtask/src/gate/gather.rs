//! Makes the runs: unchanged and 10 % slower in turn, so that both see the same machine.

use std::path::Path;
use std::process::{Command, Stdio};

use super::load::Load;
use crate::Outcome;

const KINDS: [(&str, &[&str]); 2] = [
    ("unchanged", &[]),
    (
        "slower",
        &["--inject", "slow-drift@phase=decode,percent=10"],
    ),
];

pub fn gather(pool: &Path, crashpoint: &Path, runs: u32, busy: bool) -> Outcome {
    let _load = busy.then(Load::begin);
    for _ in 0..runs {
        for (name, more) in KINDS {
            let status = Command::new(crashpoint)
                .args([
                    "run",
                    "each-alone",
                    "--no-triage",
                    "--no-progress",
                    "--quiet",
                ])
                .args([
                    "--cycles",
                    "4",
                    "--threads",
                    "1",
                    "--max-new-tokens",
                    "16",
                    "--out",
                ])
                .arg(pool.join(name))
                .args(more)
                .stdout(Stdio::null())
                .status()
                .map_err(|error| format!("failed to start {}: {error}", crashpoint.display()))?;
            if !status.success() {
                return Err(format!("a run ended with {status}").into());
            }
        }
    }
    Ok(())
}
