//! What has been tried at one case so far, and what came of it.

use super::{Input, is_about_a_gpu};
use crate::event::{Purpose, Settings};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::report::Attempt;
use crate::signature::Signature;
use crate::verdict::{Class, Confidence, Verdict};

#[derive(Debug)]
pub struct History<'a> {
    /// Of the case, as planned, in the order of analysis.
    pub images: &'a [u32],
    pub settings: Option<&'a Settings>,
    /// The first attempt that crashed: the crash that is looked into.
    pub crash: &'a Attempt,
    pub signature: &'a Signature,
    attempts: Vec<&'a Attempt>,
}

impl<'a> History<'a> {
    /// `None` if no planned attempt crashed, or was only turned down because of its size.
    pub fn of(
        images: &'a [u32],
        settings: Option<&'a Settings>,
        attempts: impl IntoIterator<Item = &'a Attempt>,
    ) -> Option<History<'a>> {
        let attempts: Vec<&Attempt> = attempts.into_iter().collect();
        let refused = |it: &Attempt| it.error.as_ref().is_some_and(|error| error.refused);
        let crash = attempts
            .iter()
            .copied()
            .find(|it| it.counts() && it.crashed() && !refused(it))?;
        Some(History {
            images,
            settings,
            crash,
            signature: crash.signature.as_ref()?,
            attempts,
        })
    }

    pub fn attempts(&self) -> impl Iterator<Item = &'a Attempt> {
        self.attempts
            .iter()
            .copied()
            .filter(|it| !it.ending.interrupted)
    }

    /// Attempts that were made because of the crash.
    pub fn made(&self) -> u32 {
        count(self.attempts().filter(|it| !it.counts()))
    }

    pub fn has(&self, purpose: Purpose) -> bool {
        self.attempts().any(|it| it.purpose == purpose)
    }

    /// Those at the case as it was planned, whyever they were made.
    pub fn planned(&self) -> impl Iterator<Item = &'a Attempt> {
        self.attempts()
            .filter(|it| it.counts() || it.purpose == Purpose::Repeat)
    }

    pub fn as_planned(&self) -> u32 {
        count(self.planned())
    }

    pub fn is_same(&self, attempt: &Attempt) -> bool {
        attempt.signature.as_ref() == Some(self.signature)
    }

    /// How many of them ended in this crash.
    pub fn same(&self) -> u32 {
        count(self.planned().filter(|it| self.is_same(it)))
    }

    pub fn always(&self) -> bool {
        self.same() == self.as_planned()
    }

    pub fn class(&self) -> Class {
        let verdict = self.crash.verdict.as_ref();
        verdict.map_or(Class::Unknown, |verdict| verdict.class)
    }

    pub fn is_about_a_gpu(&self) -> bool {
        let device = self.settings.and_then(|it| it.device.as_deref());
        is_about_a_gpu(self.class(), device)
    }

    pub fn gpu_is_gone(&self) -> bool {
        let gone = |verdict: &Verdict| {
            verdict.class == Class::GpuFellOffBus && verdict.confidence >= Confidence::Likely
        };
        self.crash.verdict.as_ref().is_some_and(gone)
    }

    /// Only where it is known what the input is made of.
    pub fn can_be_reduced(&self) -> bool {
        !self.images.is_empty()
    }

    pub fn max_new_tokens(&self) -> Option<u32> {
        self.settings?.max_new_tokens
    }

    /// The images up to the one that it crashed in; none if it crashed before the first.
    pub fn up_to_the_crash(&self) -> Vec<u32> {
        let images = self.crash.images.iter().map(|image| image.index);
        match self.crash.crash_point.as_ref() {
            Some(point) if is_before_images(&point.phase) => Vec::new(),
            Some(point) => match point.position {
                Some(position) => images.take(position as usize).collect(),
                None => images.collect(),
            },
            None => images.collect(),
        }
    }

    /// What the attempt was given. One that goes by time was given its images over and over.
    pub fn input_of(&self, attempt: &Attempt) -> Input {
        let images = match &attempt.variation.images {
            Some(images) => images.clone(),
            None if attempt.images.len() > self.images.len() => {
                attempt.images.iter().map(|image| image.index).collect()
            }
            None => self.images.to_vec(),
        };
        let changed = attempt.variation.max_new_tokens;
        Input {
            images,
            max_new_tokens: changed.or(self.max_new_tokens()),
        }
    }

    /// The attempts with just this input, under unchanged conditions.
    pub fn with<'b>(&'b self, input: &'b Input) -> impl Iterator<Item = &'a Attempt> + 'b {
        self.attempts()
            .filter(|it| it.purpose != Purpose::Diagnostic)
            .filter(move |it| self.input_of(it) == *input)
    }

    /// How many of the attempts with this input ended in this crash, and of how many.
    pub fn tally(&self, input: &Input) -> (u32, u32) {
        let ended = |it: &&Attempt| it.outcome != Outcome::Incomplete;
        (
            count(self.with(input).filter(|it| self.is_same(it))),
            count(self.with(input).filter(ended)),
        )
    }
}

pub fn is_before_images(phase: &Phase) -> bool {
    matches!(phase, Phase::Start | Phase::Load | Phase::Warmup)
}

fn count<T>(all: impl Iterator<Item = T>) -> u32 {
    u32::try_from(all.count()).unwrap_or(u32::MAX)
}
