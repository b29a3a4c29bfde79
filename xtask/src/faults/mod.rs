//! `docs/faults.md`: what every fault really came to, from real runs of the suite's trials.

mod left;
mod page;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use crashpoint_reports::EndingKind;
use serde::Deserialize;

use crate::Outcome;
use left::Traces;
use trial::Tally;

#[derive(Args)]
pub struct Options {
    /// The executable under test
    #[arg(long, value_name = "PATH", default_value = "target/release/crashpoint")]
    crashpoint: PathBuf,
    /// How often every fault is caused
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// How often one that hangs is: each takes as long as its time limit
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    hangs: u32,
    /// Only faults whose name contains this
    #[arg(long, value_name = "PART", default_value = "")]
    only: String,
    /// cpu or cuda:N; with a GPU only its own faults are caused
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// A worker that was built with CUDA
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// Write the page here; without it, to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A line on the machine, for the page
    #[arg(long, value_name = "TEXT", default_value = "")]
    machine: String,
}

/// A row of `crashpoint fault --list --json`, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub struct Listed {
    name: String,
    does: String,
    expected: Stated,
}

#[derive(Debug, Deserialize)]
struct Stated {
    kind: EndingKind,
    needs: Needs,
}

#[derive(Debug, Deserialize)]
struct Needs {
    gpu: bool,
}

pub fn run(options: &Options) -> Outcome {
    let on_gpu = options.device != "cpu";
    let scratch = Path::new("target/faults");
    let mut rows: Vec<(Listed, Tally)> = Vec::new();
    for listed in list(&options.crashpoint)? {
        let wanted = listed.name.contains(&options.only);
        if !wanted || listed.expected.needs.gpu != on_gpu {
            continue;
        }
        let before = Traces::of_this_machine();
        let mut tally = Tally::default();
        let times = match listed.expected.kind {
            EndingKind::Timeout => options.times.min(options.hangs),
            _ => options.times,
        };
        for _ in 0..times {
            let mut command = Command::new(&options.crashpoint);
            command.args(["suite", "--exact", "--device", &options.device]);
            if let Some(worker) = &options.worker {
                command.arg("--worker").arg(worker);
            }
            command.arg("--out").arg(scratch);
            tally.add(&mut command, scratch, &listed.name)?;
            fs::remove_dir_all(scratch)?;
        }
        tally.left = Traces::of_this_machine().beyond(&before);
        eprintln!("{}: {}", listed.name, tally.summary());
        rows.push((listed, tally));
    }
    let page = page::page(&rows, options.times, &options.machine);
    match &options.out {
        Some(path) => fs::write(path, page)
            .map_err(|error| format!("failed to write {}: {error}", path.display()))?,
        None => print!("{page}"),
    }
    let wrong = rows.iter().filter(|(_, tally)| !tally.is_right()).count();
    if wrong > 0 {
        return Err(format!("{wrong} faults did not come to what is stated of them").into());
    }
    Ok(())
}

fn list(crashpoint: &Path) -> Result<Vec<Listed>, Box<dyn std::error::Error>> {
    let listing = Command::new(crashpoint)
        .args(["fault", "--list", "--json"])
        .output()
        .map_err(|error| format!("failed to run {}: {error}", crashpoint.display()))?;
    Ok(serde_json::from_slice(&listing.stdout)?)
}
