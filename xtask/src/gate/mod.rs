//! How often the gate is wrong: real runs, unchanged and 10 % slower, held against one another many
//! times.

mod gather;
mod load;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use crashpoint_reports::Report;
use crashpoint_reports::gate::{Decision, Limits, Rule, Verdict, decide};

use crate::Outcome;

#[derive(Args)]
pub struct Options {
    /// Where the runs are, or are put: `unchanged` and `slower`
    #[arg(value_name = "DIR")]
    pool: PathBuf,
    /// Make so many runs of either kind first, in turn
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// The executable that makes them
    #[arg(long, value_name = "PATH", default_value = "target/release/crashpoint")]
    crashpoint: PathBuf,
    /// Let other programs take processors away meanwhile, by chance
    #[arg(long)]
    busy: bool,
    /// Comparisons of each kind
    #[arg(long, value_name = "N", default_value_t = 200)]
    comparisons: u32,
    /// The dice
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
}

/// How many runs stand against how many of the baseline.
const SIZES: [(usize, usize); 4] = [(1, 5), (3, 5), (5, 10), (10, 20)];

pub fn run(options: &Options) -> Outcome {
    if let Some(runs) = options.runs {
        gather::gather(&options.pool, &options.crashpoint, runs, options.busy)?;
    }
    let unchanged = reports(&options.pool.join("unchanged"))?;
    let slower = reports(&options.pool.join("slower"))?;
    println!(
        "{} runs unchanged, {} slower\n",
        unchanged.len(),
        slower.len()
    );
    // The rate of tokens would be the same measurement once more.
    let limits = Limits {
        skip: vec![Rule::TokenRate],
        ..Limits::default()
    };
    println!("| runs | baseline | drawn | what | regression | pass | inconclusive | by time |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut dice = fastrand::Rng::with_seed(options.seed);
    for (now, before) in SIZES {
        for in_order in [false, true] {
            for is_slower in [false, true] {
                let mut tally = Tally::default();
                for _ in 0..options.comparisons {
                    let places = draw(
                        &mut dice,
                        unchanged.len().min(slower.len()),
                        now + before,
                        in_order,
                    );
                    let (baseline, candidate) = places.split_at(before.min(places.len()));
                    let from = if is_slower { &slower } else { &unchanged };
                    let pick = |from: &[Report], places: &[usize]| -> Vec<Report> {
                        places
                            .iter()
                            .filter_map(|&at| from.get(at).cloned())
                            .collect()
                    };
                    let decision =
                        decide(&pick(from, candidate), &pick(&unchanged, baseline), &limits);
                    tally.count(&decision);
                }
                println!(
                    "| {now} | {before} | {} | {} | {} | {} | {} | {} |",
                    if in_order {
                        "baseline first"
                    } else {
                        "by chance"
                    },
                    if is_slower {
                        "10 % slower"
                    } else {
                        "unchanged"
                    },
                    tally.regression,
                    tally.pass,
                    tally.inconclusive,
                    tally.by_time,
                );
            }
        }
    }
    Ok(())
}

/// Places in the pool: neighbours in time, or any.
fn draw(dice: &mut fastrand::Rng, of: usize, wanted: usize, in_order: bool) -> Vec<usize> {
    if in_order {
        let first = dice.usize(..=of.saturating_sub(wanted));
        return (first..of.min(first + wanted)).collect();
    }
    let mut all: Vec<usize> = (0..of).collect();
    dice.shuffle(&mut all);
    all.truncate(wanted);
    all
}

#[derive(Default)]
struct Tally {
    regression: u32,
    pass: u32,
    inconclusive: u32,
    /// Regressions that the rule about the time for an image names.
    by_time: u32,
}

impl Tally {
    fn count(&mut self, decision: &Decision) {
        match decision.verdict {
            Verdict::Regression => self.regression += 1,
            Verdict::Pass => self.pass += 1,
            _ => self.inconclusive += 1,
        }
        let by_time = decision
            .rules
            .iter()
            .any(|it| it.verdict == Verdict::Regression && it.rule == Rule::ImageTime);
        self.by_time += u32::from(by_time);
    }
}

/// In the order in which they were made.
fn reports(folder: &Path) -> Result<Vec<Report>, String> {
    let failed = |what: &Path, error: String| format!("failed to read {}: {error}", what.display());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| failed(folder, error.to_string()))?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path().join("report.json"))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read(path).map_err(|error| failed(path, error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| failed(path, error.to_string()))
    };
    paths.iter().map(read).collect()
}
