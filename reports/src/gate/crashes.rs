//! Crashes by their signature: one that the baseline does not know is a regression, however rare.

use std::collections::BTreeSet;

use super::decision::Judgement;
use super::{Limits, Sides};
use crate::words::counted;

pub fn judge(sides: &Sides<'_>, limits: &Limits) -> Judgement {
    let known: BTreeSet<&str> = sides
        .baseline
        .iter()
        .flat_map(|report| &report.crashes)
        .map(|crash| crash.signature.id.as_str())
        .collect();
    let mut seen = BTreeSet::new();
    let mut new = Vec::new();
    for crash in sides.candidate.iter().flat_map(|report| &report.crashes) {
        let id = crash.signature.id.as_str();
        if seen.insert(id) && !known.contains(id) {
            new.push(format!(
                "{id}, first in {} ({})",
                crash.first, crash.signature.text
            ));
        }
    }
    let attempts = Sides::attempts(sides.candidate).count();
    if seen.is_empty() {
        return Judgement::pass(format!("none in {}", counted(attempts, "attempt")));
    }
    if new.is_empty() {
        return Judgement::pass(format!(
            "{}, all known from the baseline",
            counted(seen.len(), "signature")
        ));
    }
    if sides.baseline.is_empty() && limits.max_crash_rate.is_some() {
        return Judgement::nothing(format!(
            "{}, and no baseline to say whether they are new",
            counted(seen.len(), "signature")
        ));
    }
    let what = if sides.baseline.is_empty() {
        ""
    } else {
        "new: "
    };
    Judgement::regression(format!("{what}{}", new.join("; ")))
}
