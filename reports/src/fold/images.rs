//! The images of one attempt: begun by a marker, settled by a result or by the attempt's end.

use std::collections::HashMap;

use super::planned;
use crate::event::{Marker, PlannedImage};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::protocol::{ImageAt, ImageResult};
use crate::report::ImageRecord;

#[derive(Debug, Default)]
pub struct Images {
    all: Vec<ImageRecord>,
    /// Places in `all` of those without a result, by index and position.
    begun: HashMap<(u32, u32), usize>,
}

impl Images {
    pub fn marker(&mut self, marker: &Marker) {
        let Some(at) = &marker.image else { return };
        let analyses = marker.id.is_some()
            && !matches!(marker.phase, Phase::Start | Phase::Idle | Phase::Teardown);
        let key = (at.index, at.position);
        if !analyses || self.begun.contains_key(&key) || self.settled_last(key) {
            return;
        }
        self.begun.insert(key, self.all.len());
        self.all.push(ImageRecord {
            index: at.index,
            position: at.position,
            file: at.file.clone(),
            sha256: None,
            outcome: Outcome::Incomplete,
            seconds: None,
            prompt_tokens: None,
            tokens: None,
            tokens_per_second: None,
            text: None,
            token_digest: None,
            rss_bytes: None,
            error: None,
        });
    }

    /// A further phase of an image that has its result already is no second analysis.
    fn settled_last(&self, key: (u32, u32)) -> bool {
        self.all
            .last()
            .is_some_and(|last| (last.index, last.position) == key)
    }

    pub fn result(&mut self, result: ImageResult, rss_bytes: Option<u64>) {
        let place = self.begun.remove(&(result.index, result.position));
        let begun = place.and_then(|place| self.all.get_mut(place));
        let record = ImageRecord {
            index: result.index,
            position: result.position,
            file: result
                .file
                .or_else(|| begun.as_ref().and_then(|begun| begun.file.clone())),
            sha256: result.sha256,
            outcome: result.outcome,
            seconds: result.seconds,
            prompt_tokens: result.prompt_tokens,
            tokens: result.tokens,
            tokens_per_second: result.tokens_per_second,
            text: result.text,
            token_digest: result.token_digest,
            rss_bytes: result.rss_bytes.or(rss_bytes),
            error: result.error,
        };
        match begun {
            Some(begun) => *begun = record,
            None => self.all.push(record),
        }
    }

    /// Whether its analysis has begun and has no result.
    pub fn is_begun(&self, at: &ImageAt) -> bool {
        self.begun.contains_key(&(at.index, at.position))
    }

    /// Settles what has no result, and adds what the plan knows.
    pub fn settle(mut self, attempt: Outcome, plan: &[PlannedImage]) -> Vec<ImageRecord> {
        let unsettled = match attempt {
            // It claims to have finished, and never said what came of this one.
            Outcome::Survived => Outcome::Incomplete,
            other => other,
        };
        for &place in self.begun.values() {
            if let Some(image) = self.all.get_mut(place) {
                image.outcome = unsettled;
            }
        }
        for image in &mut self.all {
            if let Some(planned) = planned(plan, image.index) {
                image.file.get_or_insert_with(|| planned.file.clone());
                if image.sha256.is_none() {
                    image.sha256.clone_from(&planned.sha256);
                }
            }
        }
        self.all
    }
}
