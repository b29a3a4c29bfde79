//! Time for an image, tokens/s, time to load.

use super::decision::{Judgement, Rule};
use super::ranked::{self, Words};
use super::values::{Figure, Values};
use super::{Limits, Sides};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::report::{Attempt, Case, ImageRecord};

const WORDS: Words = Words {
    worse: "slower",
    better: "faster",
};

#[derive(Clone, Copy)]
pub enum Time {
    Image,
    Tokens,
    Load,
}

pub const FIGURES: [(Rule, Time); 3] = [
    (Rule::ImageTime, Time::Image),
    (Rule::TokenRate, Time::Tokens),
    (Rule::LoadTime, Time::Load),
];

pub fn judge(sides: &Sides<'_>, time: Time, limits: &Limits) -> Judgement {
    let (figure, limit): (Figure, f64) = match time {
        Time::Image => (image_seconds, limits.max_slowdown),
        Time::Tokens => (seconds_a_token, limits.max_slowdown),
        Time::Load => (load_seconds, limits.max_load_slowdown),
    };
    ranked::judge(&Values::of(sides, figure), limit, WORDS, true)
}

/// The first image in a worker pays for what is done once, so it is compared with first ones only.
fn work(case: &Case, image: &ImageRecord) -> String {
    let first = if image.position == 1 {
        "first"
    } else {
        "later"
    };
    format!("{}/{}/{first}", case.name, image.index)
}

fn survived(attempt: &Attempt) -> impl Iterator<Item = &ImageRecord> {
    let images = attempt.images.iter();
    images.filter(|image| image.outcome == Outcome::Survived)
}

fn image_seconds(case: &Case, attempt: &Attempt) -> Vec<(String, f64)> {
    survived(attempt)
        .filter_map(|image| Some((work(case, image), image.seconds?)))
        .collect()
}

/// The other way round, so that more is worse here too.
fn seconds_a_token(case: &Case, attempt: &Attempt) -> Vec<(String, f64)> {
    survived(attempt)
        .filter_map(|image| Some((work(case, image), 1.0 / image.tokens_per_second?)))
        .collect()
}

/// Every case loads the same.
fn load_seconds(_: &Case, attempt: &Attempt) -> Vec<(String, f64)> {
    let loads = attempt.phases.iter().filter(|it| it.phase == Phase::Load);
    loads
        .filter_map(|phase| Some(("load".to_owned(), phase.seconds?)))
        .collect()
}
