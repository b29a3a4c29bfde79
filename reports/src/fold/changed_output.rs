//! Changed output: the same image under the same greedy settings must give the same tokens.

use std::collections::BTreeMap;

use super::attempt::Finished;
use crate::outcome::Outcome;
use crate::report::Finding;
use crate::verdict::{Class, Confidence, Evidence, Verdict};

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

/// One for each analysis whose tokens are not the usual ones.
pub fn changed_output(attempts: &[Finished]) -> Vec<Finding> {
    let mut by_image: BTreeMap<u32, Vec<Analysis<'_>>> = BTreeMap::new();
    for finished in attempts.iter().filter(|it| it.attempt.counts()) {
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
