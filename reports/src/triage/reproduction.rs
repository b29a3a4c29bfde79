//! What the attempts after a crash come to: k of n, the smallest input, and what may be said of it.

use super::Input;
use super::history::History;
use crate::event::{PlannedImage, Purpose};
use crate::fold;
use crate::outcome::Outcome;
use crate::report::{Attempt, DiagnosticRun, Recurrence, Reproduction, SmallestInput, TriedInput};
use crate::statistics::Proportion;
use crate::words::{counted, shell};

/// Up to here they are named one by one.
const NAMED: usize = 6;

/// How the triage of each case came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// By case, with what kept it from going on.
    pub known: &'a [(String, Option<String>)],
    /// The run came to its own end.
    pub complete: bool,
}

/// `None` if nobody looked into the crash.
pub fn reproduction(
    case: &str,
    history: &History<'_>,
    planned: &[PlannedImage],
    ends: &Ends<'_>,
) -> Option<Reproduction> {
    let end = ends.known.iter().find(|(name, _)| name == case);
    if end.is_none() && history.made() == 0 {
        return None;
    }
    let ended = || {
        history
            .planned()
            .filter(|it| it.outcome != Outcome::Incomplete)
    };
    let n = u32::try_from(ended().count()).unwrap_or(u32::MAX);
    let same = Proportion::of(history.same(), n)?;
    let otherwise = ended().filter(|it| it.crashed() && !history.is_same(it));
    let otherwise = u32::try_from(otherwise.count()).unwrap_or(u32::MAX);
    let smaller_failed = history
        .attempts()
        .any(|it| it.purpose == Purpose::Reduction && history.is_same(it));
    let finding = match (same.events, n) {
        (_, 0 | 1) => Recurrence::NotTried,
        (k, n) if k == n => Recurrence::Always,
        (1, _) if !smaller_failed => Recurrence::NotAgain,
        _ => Recurrence::Sometimes,
    };
    let smallest = (finding != Recurrence::NotAgain)
        .then(|| smallest(history, planned))
        .flatten();
    let because = match end {
        Some((_, because)) => because.clone(),
        None if ends.complete => None,
        None => Some("the record stops before this was finished".to_owned()),
    };
    let mut reproduction = Reproduction {
        case: case.to_owned(),
        signature: history.signature.clone(),
        finding,
        same,
        otherwise,
        diagnostic: diagnostic(history),
        smallest,
        tried: tried(history),
        because,
        conclusion: String::new(),
    };
    reproduction.conclusion = conclusion(&reproduction, history);
    Some(reproduction)
}

fn diagnostic(history: &History<'_>) -> Option<DiagnosticRun> {
    let attempt = history
        .attempts()
        .find(|it| it.purpose == Purpose::Diagnostic && !it.counts())?;
    Some(DiagnosticRun {
        number: attempt.number,
        outcome: attempt.outcome,
        same: history.is_same(attempt),
        folder: attempt.folder.clone(),
    })
}

/// Of all that was seen to end in this crash the one with the fewest images, then tokens.
fn smallest(history: &History<'_>, planned: &[PlannedImage]) -> Option<SmallestInput> {
    let failed = history
        .attempts()
        .filter(|it| it.purpose != Purpose::Diagnostic && history.is_same(it));
    let size = |attempt: &&Attempt| {
        let input = history.input_of(attempt);
        (input.images.len(), input.max_new_tokens)
    };
    let attempt = failed.min_by_key(size)?;
    let input = history.input_of(attempt);
    let (same, of) = history.tally(&input);
    let Input {
        images,
        max_new_tokens,
    } = input;
    let file = |index: &u32| fold::planned(planned, *index).map(|image| image.file.clone());
    Some(SmallestInput {
        files: images.iter().filter_map(file).collect(),
        images,
        max_new_tokens,
        same,
        of,
        command: (!attempt.again.is_empty()).then(|| shell(&attempt.again)),
    })
}

fn tried(history: &History<'_>) -> Vec<TriedInput> {
    let mut inputs: Vec<Input> = Vec::new();
    for attempt in history
        .attempts()
        .filter(|it| it.purpose == Purpose::Reduction)
    {
        let input = history.input_of(attempt);
        if !inputs.contains(&input) {
            inputs.push(input);
        }
    }
    inputs
        .into_iter()
        .map(|input| {
            let (same, of) = history.tally(&input);
            let others = history
                .with(&input)
                .filter(|it| it.crashed() && !history.is_same(it));
            TriedInput {
                same,
                otherwise: u32::try_from(others.count()).unwrap_or(u32::MAX),
                of,
                images: input.images,
                max_new_tokens: input.max_new_tokens,
            }
        })
        .collect()
}

fn conclusion(reproduction: &Reproduction, history: &History<'_>) -> String {
    let Reproduction {
        finding,
        same,
        otherwise,
        smallest,
        because,
        ..
    } = reproduction;
    let mut said = match finding {
        Recurrence::NotTried => "it was not tried again".to_owned(),
        Recurrence::Always => format!("it came in {} of {} attempts", same.events, same.n),
        Recurrence::Sometimes => format!(
            "it is not deterministic: it came in {} of {} attempts",
            same.events, same.n
        ),
        Recurrence::NotAgain => {
            format!("it was not reproduced: it came in 1 of {} attempts", same.n)
        }
    };
    if *otherwise > 0 {
        said += &format!(", and another crash in {otherwise}");
    }
    if let Some(smallest) = smallest {
        let is_smaller = reproduction.tried.iter().any(|it| {
            it.images == smallest.images
                && it.max_new_tokens == smallest.max_new_tokens
                && it.same > 0
        });
        if is_smaller {
            said += &format!("; {} enough", enough(smallest, history));
            if smallest.of > 1 && smallest.same < smallest.of {
                said += &format!(" ({} of {} times)", smallest.same, smallest.of);
            }
        } else if !reproduction.tried.is_empty() {
            said += "; nothing smaller ended so";
        }
    }
    // That it did not come again has been said.
    if let Some(because) = because
        && *finding != Recurrence::NotAgain
    {
        said += &format!("; {because}");
    }
    said
}

/// `image 5 alone with 8 new tokens is`, `images 3, 4 and 5 are`.
fn enough(smallest: &SmallestInput, history: &History<'_>) -> String {
    let names: Vec<String> = smallest.images.iter().map(u32::to_string).collect();
    let (images, verb) = match names.as_slice() {
        [one] => (format!("image {one} alone"), "is"),
        [rest @ .., last] if names.len() <= NAMED => {
            (format!("images {} and {last}", rest.join(", ")), "are")
        }
        _ => (
            format!("the {} up to it", counted(names.len(), "image")),
            "are",
        ),
    };
    let fewer = smallest
        .max_new_tokens
        .filter(|_| smallest.max_new_tokens != history.max_new_tokens());
    match fewer {
        Some(tokens) => format!(
            "{images}, with {}, {verb}",
            counted(tokens as usize, "new token")
        ),
        None => format!("{images} {verb}"),
    }
}
