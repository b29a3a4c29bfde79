//! The search for the smallest input that still ends in the same crash.
//!
//! It asks whether an input fails, and is answered from the history or by having it tried. What
//! survived is taken for too little, and what is larger than something that failed for enough: the
//! result need not be the smallest there is, and has always been seen to fail.

use super::history::History;
use super::{Input, Step};
use crate::event::{Purpose, Variation};
use crate::phase::Phase;

/// The smallest failing input, or the attempt that is to be made to come nearer to it.
pub fn smallest(history: &History<'_>, tries: u32) -> Result<Input, Step> {
    let ask = Ask { history, tries };
    let images = ask.fewest_images()?;
    let max_new_tokens = ask.fewest_tokens(&images)?;
    Ok(Input {
        images,
        max_new_tokens,
    })
}

struct Ask<'a> {
    history: &'a History<'a>,
    /// How often an input has to survive until it counts as too little.
    tries: u32,
}

impl Ask<'_> {
    fn fails(&self, images: &[u32], max_new_tokens: Option<u32>) -> Result<bool, Step> {
        let input = Input {
            images: images.to_vec(),
            max_new_tokens,
        };
        let history = self.history;
        let mut tried = 0;
        for attempt in history.with(&input) {
            if history.is_same(attempt) {
                return Ok(true);
            }
            tried += 1;
        }
        if tried >= self.tries {
            return Ok(false);
        }
        let full = history.max_new_tokens();
        Err(Step {
            purpose: Purpose::Reduction,
            variation: Variation {
                images: Some(input.images),
                max_new_tokens: max_new_tokens.filter(|_| max_new_tokens != full),
                ..Variation::default()
            },
        })
    }

    /// With as many tokens as planned.
    fn fail(&self, images: &[u32]) -> Result<bool, Step> {
        self.fails(images, self.history.max_new_tokens())
    }

    fn fewest_images(&self) -> Result<Vec<u32>, Step> {
        let planned = self.history.images.to_vec();
        let mut sequence = self.history.up_to_the_crash();
        if sequence.is_empty() {
            let first: Vec<u32> = planned.iter().copied().take(1).collect();
            return Ok(if self.fail(&first)? { first } else { planned });
        }
        loop {
            let fewer = self.fewer(&sequence)?;
            if !self.fail(&fewer)? {
                // Only the whole has been seen to fail.
                return Ok(planned);
            }
            // It may have failed before its last image: then those behind it are not needed.
            let reached = self.reached(&fewer);
            let shorter = fewer.get(..reached).unwrap_or(&fewer);
            if shorter.len() == fewer.len() || shorter.is_empty() || !self.fail(shorter)? {
                return Ok(fewer);
            }
            sequence = shorter.to_vec();
        }
    }

    /// The last image alone, or with as few of those before it as do.
    fn fewer(&self, sequence: &[u32]) -> Result<Vec<u32>, Step> {
        let end = sequence.len();
        let last = |n: usize| sequence.get(end.saturating_sub(n)..).unwrap_or(sequence);
        if end <= 1 || self.fail(last(1))? {
            return Ok(last(1).to_vec());
        }
        // With `few` of them it survives, with `enough` it fails.
        let (mut few, mut enough) = (1, end);
        while enough - few > 1 {
            let middle = few + (enough - few) / 2;
            if self.fail(last(middle))? {
                enough = middle;
            } else {
                few = middle;
            }
        }
        // Without the first of these it survives: is it that one, or their number?
        if enough > 2
            && let (Some(&first), Some(&image)) = (last(enough).first(), sequence.last())
        {
            let pair = [first, image];
            if self.fail(&pair)? {
                return Ok(pair.to_vec());
            }
        }
        Ok(last(enough).to_vec())
    }

    /// Up to which position the attempt with these images came that ended in the crash.
    fn reached(&self, images: &[u32]) -> usize {
        let input = Input {
            images: images.to_vec(),
            max_new_tokens: self.history.max_new_tokens(),
        };
        let failed = self
            .history
            .with(&input)
            .find(|it| self.history.is_same(it));
        failed
            .and_then(|it| it.crash_point.as_ref()?.position)
            .map_or(images.len(), |position| position as usize)
    }

    fn fewest_tokens(&self, images: &[u32]) -> Result<Option<u32>, Step> {
        let Some(full) = self.history.max_new_tokens() else {
            return Ok(None);
        };
        if full <= 1 || self.fails(images, Some(1))? {
            return Ok(Some(full.min(1)));
        }
        let point = self.history.crash.crash_point.as_ref();
        let in_decode = point.is_some_and(|it| it.phase == Phase::Decode);
        let Some(made) = point.and_then(|it| it.token).filter(|_| in_decode) else {
            return Ok(Some(full));
        };
        // It crashed when so many existed: while the next one was made, or with the last of them.
        let mut enough = full;
        for tokens in [made, made.saturating_add(1)] {
            if tokens > 1 && tokens < full && self.fails(images, Some(tokens))? {
                enough = tokens;
                break;
            }
        }
        if enough == full {
            return Ok(Some(full));
        }
        // As a rule fewer do not reach the place; otherwise they are searched.
        let mut few = 1;
        let mut middle = enough - 1;
        while enough - few > 1 {
            if self.fails(images, Some(middle))? {
                enough = middle;
            } else {
                few = middle;
            }
            middle = few + (enough - few) / 2;
        }
        Ok(Some(enough))
    }
}
