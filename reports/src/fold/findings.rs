//! Findings: what is worth saying without a death.

use std::collections::BTreeMap;

use super::attempt::Finished;
use super::is_greedy;
use crate::event::Settings;
use crate::outcome::Outcome;
use crate::report::{Attempt, Finding, ImageRecord, MemorySlope, Statistics};
use crate::verdict::{Class, Confidence, Evidence, Verdict};

/// Growth is material beyond both: a share of the worker's memory, and an amount that no allocator's
/// habits explain.
const MATERIAL_SHARE: f64 = 0.01;
const MATERIAL_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

pub fn all(
    attempts: &[Finished],
    statistics: &Statistics,
    settings: Option<&Settings>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = attempts.iter().flat_map(of_attempt).collect();
    if is_greedy(settings) {
        findings.extend(changed_output(attempts));
    }
    findings.extend(statistics.memory_slope.as_ref().and_then(leak));
    findings
}

/// A surviving attempt takes the verdict of its strongest finding.
pub fn adopt(finished: &mut Finished, findings: &[Finding]) {
    if finished.attempt.outcome != Outcome::Survived {
        return;
    }
    finished.attempt.verdict = findings
        .iter()
        .filter(|it| it.case == finished.case && it.attempt == finished.attempt.n)
        .rev()
        .max_by_key(|it| it.verdict.confidence)
        .map(|it| it.verdict.clone());
}

/// Whether memory grew with the images beyond doubt, and by enough to matter.
pub fn is_growth(slope: &MemorySlope) -> bool {
    let growth = slope.bytes_per_image.estimate * f64::from(slope.n);
    slope.bytes_per_image.low > 0.0
        && growth > MATERIAL_BYTES
        && growth > MATERIAL_SHARE * slope.median_rss_bytes as f64
}

fn of_attempt(finished: &Finished) -> Vec<Finding> {
    let attempt = &finished.attempt;
    let finding = |image: Option<u32>, what: String, verdict: Verdict| Finding {
        case: finished.case.clone(),
        attempt: attempt.n,
        image,
        what,
        verdict,
    };
    let unexplained = |source: &str, text: String| {
        Verdict::new(
            Class::Unknown,
            Confidence::None,
            vec![Evidence::new(source, text)],
        )
    };
    let mut findings: Vec<Finding> = attempt
        .images
        .iter()
        .filter(|image| image.outcome == Outcome::Failed)
        .filter_map(|image| {
            let error = failure_of(attempt, image)?;
            let what = format!("image {} failed: {}", image.index, error.1.text);
            let verdict = Verdict::new(error.0.0, error.0.1, vec![error.1]);
            Some(finding(Some(image.index), what, verdict))
        })
        .collect();
    if !attempt.left_behind.is_empty() {
        let names: Vec<String> = attempt
            .left_behind
            .iter()
            .map(|left| format!("{} (pid {})", left.name, left.pid))
            .collect();
        let what = format!("it left processes behind: {}", names.join(", "));
        findings.push(finding(None, what.clone(), unexplained("keeper", what)));
    }
    for (name, stream) in [("stdout", &attempt.stdout), ("stderr", &attempt.stderr)] {
        if stream.as_ref().is_some_and(|stream| stream.held_open) {
            let what = format!("something out of reach still held its {name} open after it ended");
            findings.push(finding(None, what.clone(), unexplained(name, what)));
        }
    }
    for violation in &attempt.violations {
        let what = format!("it broke the protocol: {violation}");
        findings.push(finding(None, what.clone(), unexplained("worker", what)));
    }
    findings
}

/// `None` for an image that has no result of its own: there the attempt's verdict says why.
fn failure_of(attempt: &Attempt, image: &ImageRecord) -> Option<((Class, Confidence), Evidence)> {
    match &image.error {
        Some(error) => {
            let why = match error.class {
                Some(Class::Unknown) => (Class::Unknown, Confidence::None),
                Some(class) => (class, Confidence::Certain),
                None => (Class::InputBroken, Confidence::Possible),
            };
            Some((why, Evidence::new("worker", error.message.clone())))
        }
        None if attempt.outcome == Outcome::Survived => Some((
            (Class::InputBroken, Confidence::Possible),
            Evidence::new("worker", "the worker gave no reason"),
        )),
        None => None,
    }
}

struct Analysis<'a> {
    finished: &'a Finished,
    position: u32,
    digest: &'a str,
}

impl Analysis<'_> {
    fn name(&self) -> String {
        format!(
            "{}, attempt {}, position {}",
            self.finished.case, self.finished.attempt.n, self.position
        )
    }
}

/// The same image under the same greedy settings must give the same tokens.
fn changed_output(attempts: &[Finished]) -> Vec<Finding> {
    let mut by_image: BTreeMap<u32, Vec<Analysis<'_>>> = BTreeMap::new();
    for finished in attempts.iter().filter(|it| !it.attempt.diagnostic) {
        for image in &finished.attempt.images {
            if image.outcome == Outcome::Survived
                && let Some(digest) = image.token_digest.as_deref()
            {
                by_image.entry(image.index).or_default().push(Analysis {
                    finished,
                    position: image.position,
                    digest,
                });
            }
        }
    }
    let changed = |(image, analyses): (u32, Vec<Analysis<'_>>)| -> Vec<Finding> {
        let Some(usual) = usual(&analyses) else {
            return Vec::new();
        };
        let others = analyses.iter().filter(|it| it.digest != usual.digest);
        others
            .map(|other| {
                let what = format!(
                    "image {image} gave other tokens in {} than in {}, with the same settings",
                    other.name(),
                    usual.name()
                );
                let digests = format!("token digest {}, not {}", other.digest, usual.digest);
                Finding {
                    case: other.finished.case.clone(),
                    attempt: other.finished.attempt.n,
                    image: Some(image),
                    verdict: Verdict::new(
                        Class::NumericalCorruption,
                        Confidence::Likely,
                        vec![
                            Evidence::new("worker", what.clone()),
                            Evidence::new("worker", digests),
                        ],
                    ),
                    what,
                }
            })
            .collect()
    };
    by_image.into_iter().flat_map(changed).collect()
}

/// The first analysis with the commonest digest.
fn usual<'a, 'b>(analyses: &'a [Analysis<'b>]) -> Option<&'a Analysis<'b>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for analysis in analyses {
        *counts.entry(analysis.digest).or_default() += 1;
    }
    // The last of several maxima wins: turned round, the first.
    analyses
        .iter()
        .rev()
        .max_by_key(|it| counts.get(it.digest).copied())
}

fn leak(slope: &MemorySlope) -> Option<Finding> {
    if !is_growth(slope) {
        return None;
    }
    let mib = |bytes: f64| bytes / (1024.0 * 1024.0);
    let what = format!(
        "the worker's memory grew with the images: {:.2} MiB an image (95 % interval {:.2} to {:.2}, {} images after the first)",
        mib(slope.bytes_per_image.estimate),
        mib(slope.bytes_per_image.low),
        mib(slope.bytes_per_image.high),
        slope.n,
    );
    let threshold = format!(
        "the whole growth is over {:.0} % of the median of {:.0} MiB, and over {:.0} MiB",
        MATERIAL_SHARE * 100.0,
        mib(slope.median_rss_bytes as f64),
        mib(MATERIAL_BYTES),
    );
    Some(Finding {
        case: slope.case.clone(),
        attempt: slope.attempt,
        image: None,
        verdict: Verdict::new(
            Class::HostMemoryLeak,
            Confidence::Possible,
            vec![
                Evidence::new("sample", what.clone()),
                Evidence::new("sample", threshold),
            ],
        ),
        what,
    })
}
