//! What came out: under greedy settings the same image must give the same tokens, and an image that
//! could be analysed must stay so.

use std::collections::{BTreeMap, BTreeSet};

use super::Sides;
use super::decision::Judgement;
use crate::outcome::Outcome;
use crate::report::{ImageRecord, Report};
use crate::verdict::Class;
use crate::words::counted;

/// An image is the same by its content, not by its place.
type Key<'a> = (u32, Option<&'a str>);

pub fn judge(sides: &Sides<'_>, differences: &[String]) -> Judgement {
    let mut wrong: Vec<String> = sides
        .candidate
        .iter()
        .flat_map(|report| &report.findings)
        .filter(|finding| finding.verdict.class == Class::NumericalCorruption)
        .map(|finding| finding.what.clone())
        .collect();
    let before = digests(sides.baseline);
    let failing = failing(sides.baseline);
    for image in images(sides.candidate) {
        let fails = image.outcome == Outcome::Failed;
        if fails && !failing.contains(&key(image)) {
            let why = image
                .error
                .as_ref()
                .map_or("", |error| error.message.as_str());
            wrong.push(format!("image {} fails: {why}", image.index));
        }
    }
    if wrong.is_empty() && !sides.baseline.is_empty() {
        if let Some(difference) = differences.first() {
            return Judgement::inconclusive(format!("not compared: {difference}"));
        }
        let changed: BTreeSet<u32> = digests(sides.candidate)
            .iter()
            .filter(|(key, now)| before.get(*key).is_some_and(|known| !now.is_subset(known)))
            .map(|((index, _), _)| *index)
            .collect();
        if !changed.is_empty() {
            let list: Vec<String> = changed.iter().map(u32::to_string).collect();
            wrong.push(format!(
                "other tokens than in the baseline in image {}",
                list.join(", ")
            ));
        }
    }
    if let Some(first) = wrong.first() {
        let more = wrong.len() - 1;
        let rest = if more > 0 {
            format!(" (and {more} more)")
        } else {
            String::new()
        };
        return Judgement::regression(format!("{first}{rest}"));
    }
    let analyses = images(sides.candidate)
        .filter(|it| it.outcome == Outcome::Survived)
        .count();
    if analyses == 0 {
        return Judgement::nothing("no image was analysed");
    }
    let compared = digests(sides.candidate)
        .keys()
        .filter(|key| before.contains_key(*key))
        .count();
    Judgement::pass(match compared {
        0 => format!(
            "{} analysed, none with another output; no digest to compare with",
            counted(analyses, "image")
        ),
        _ => format!(
            "the same tokens as in the baseline for {}",
            counted(compared, "image")
        ),
    })
}

fn key(image: &ImageRecord) -> Key<'_> {
    (image.index, image.sha256.as_deref())
}

fn images(of: &[Report]) -> impl Iterator<Item = &ImageRecord> {
    Sides::attempts(of).flat_map(|attempt| &attempt.images)
}

/// Of runs whose settings make the tokens a function of the image.
fn digests(of: &[Report]) -> BTreeMap<Key<'_>, BTreeSet<&str>> {
    let mut found: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
    for report in of {
        let settings = report.run.settings.as_ref();
        if !settings.is_some_and(|it| it.temperature.is_none_or(|it| it == 0.0)) {
            continue;
        }
        for image in images(std::slice::from_ref(report)) {
            if let Some(digest) = image.token_digest.as_deref()
                && image.outcome == Outcome::Survived
            {
                found.entry(key(image)).or_default().insert(digest);
            }
        }
    }
    found
}

fn failing(of: &[Report]) -> BTreeSet<Key<'_>> {
    images(of)
        .filter(|image| image.outcome == Outcome::Failed)
        .map(key)
        .collect()
}
