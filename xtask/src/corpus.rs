//! Real evidence of real deaths through the same path as any other: how often the verdict is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use crashpoint_reports::diagnose::{case, verdict};
use crashpoint_reports::{Class, Confidence, Verdict};
use serde::{Deserialize, Serialize};

use crate::Outcome;

#[derive(Args)]
pub struct Options {
    /// A file of cases, one JSON object a line, or a folder of such files
    path: PathBuf,
    /// Print every case's verdict and the counts as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Row {
    #[serde(flatten)]
    case: case::Case,
    truth: Truth,
}

#[derive(Deserialize, Serialize)]
struct Truth {
    class: Class,
    #[serde(default)]
    also_accepted: Vec<Class>,
    decidable: bool,
}

#[derive(Serialize)]
struct Judged {
    id: String,
    truth: Truth,
    verdict: Verdict,
    right: bool,
    wrong_certain: bool,
}

#[derive(Default, Serialize)]
struct Counts {
    cases: usize,
    decidable: usize,
    right: usize,
    wrong: usize,
    unknown: usize,
    wrong_certain: usize,
}

#[derive(Serialize)]
struct Whole {
    cases: Vec<Judged>,
    counts: Counts,
}

pub fn run(options: &Options) -> Outcome {
    let mut judged = Vec::new();
    for file in files(&options.path)? {
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("failed to read {}: {error}", file.display()))?;
        for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.is_empty()) {
            let row: Row = serde_json::from_str(line)
                .map_err(|error| format!("{}:{number} is no case: {error}", file.display()))?;
            judged.push(judge(row));
        }
    }
    let counts = count(&judged);
    if options.json {
        let whole = Whole {
            cases: judged,
            counts,
        };
        println!("{}", serde_json::to_string_pretty(&whole)?);
        return Ok(());
    }
    print(&judged, &counts);
    Ok(())
}

fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("failed to read {}: {error}", path.display());
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|it| it == "jsonl") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

fn judge(row: Row) -> Judged {
    let verdict = verdict(&row.case.evidence.bundle());
    let accepted =
        row.truth.class == verdict.class || row.truth.also_accepted.contains(&verdict.class);
    let certain = verdict.confidence == Confidence::Certain;
    Judged {
        id: row.case.id,
        right: accepted,
        wrong_certain: certain && !(accepted && row.truth.decidable),
        truth: row.truth,
        verdict,
    }
}

fn count(judged: &[Judged]) -> Counts {
    let mut counts = Counts {
        cases: judged.len(),
        ..Counts::default()
    };
    for case in judged {
        counts.wrong_certain += usize::from(case.wrong_certain);
        if case.truth.decidable {
            counts.decidable += 1;
            match (case.right, case.verdict.class) {
                (true, _) => counts.right += 1,
                (false, Class::Unknown) => counts.unknown += 1,
                (false, _) => counts.wrong += 1,
            }
        }
    }
    counts
}

fn print(judged: &[Judged], counts: &Counts) {
    let mut confused: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for case in judged.iter().filter(|it| it.truth.decidable && !it.right) {
        let pair = (case.truth.class.to_string(), case.verdict.class.to_string());
        confused.entry(pair).or_default().push(&case.id);
    }
    if !confused.is_empty() {
        println!("{:<30}{:<30}cases", "truth", "verdict");
    }
    for ((truth, said), ids) in &confused {
        println!("{truth:<30}{said:<30}{}", ids.join(" "));
    }
    for case in judged.iter().filter(|it| it.wrong_certain) {
        let why = if case.right {
            "not decided by its evidence"
        } else {
            "wrong"
        };
        println!("certain, and {why}: {} {}", case.id, case.verdict.class);
    }
    let mut by_confidence: BTreeMap<Confidence, (usize, usize)> = BTreeMap::new();
    for case in judged.iter().filter(|it| it.truth.decidable) {
        let (right, all) = by_confidence.entry(case.verdict.confidence).or_default();
        *right += usize::from(case.right);
        *all += 1;
    }
    for (confidence, (right, all)) in by_confidence {
        println!("{confidence:<10} right {right} of {all}");
    }
    if counts.decidable > 0 {
        let share = 100.0 * counts.right as f64 / counts.decidable as f64;
        println!("accuracy   {share:.1}% of the decidable ones");
    }
    println!(
        "cases {} decidable {} right {} wrong {} unknown {} wrong_certain {}",
        counts.cases,
        counts.decidable,
        counts.right,
        counts.wrong,
        counts.unknown,
        counts.wrong_certain
    );
}
