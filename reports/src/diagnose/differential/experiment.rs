//! What the ladder itself shows: this image, the images before it, or the time that passed.

use serde_json::Value;

use super::{Judgement, NOTHING_DIED, Scene, numbers, rounded};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::report::CrashPoint;

/// How often the image was the first of its worker, and with what outcome.
#[derive(Default)]
struct Alone {
    survived: u32,
    died: u32,
    /// Other images, first of their workers, that survived.
    others_survived: u32,
}

fn point<'a>(scene: &'a Scene<'_>) -> Option<&'a CrashPoint> {
    scene.dead?.attempt.crash_point.as_ref()
}

/// Before any image was touched.
fn is_before_images(phase: &Phase) -> bool {
    matches!(phase, Phase::Start | Phase::Load | Phase::Warmup)
}

/// Over all attempts, the death included.
fn alone(scene: &Scene<'_>, image: u32) -> Alone {
    let mut found = Alone::default();
    let signature = scene.dead.and_then(|dead| dead.attempt.signature.as_ref());
    for finished in scene.others().chain(scene.dead) {
        let attempt = &finished.attempt;
        // With fewer tokens it may survive for want of them; and another crash is not this one.
        let whole = attempt.variation.max_new_tokens.is_none();
        let same = attempt.signature.is_none() || attempt.signature.as_ref() == signature;
        for analysis in attempt.images.iter().filter(|it| it.position == 1) {
            match (analysis.index == image, analysis.outcome) {
                (true, Outcome::Survived) if whole => found.survived += 1,
                (true, Outcome::Died | Outcome::Failed) if same => found.died += 1,
                (false, Outcome::Survived) => found.others_survived += 1,
                _ => {}
            }
        }
    }
    found
}

/// A crash that comes and goes may have stayed away by chance where the image was alone.
fn proves_little(scene: &Scene<'_>, alone: &Alone, image: u32) -> Option<String> {
    let goes = scene.comes_and_goes()?;
    (alone.survived > 0 && alone.died == 0)
        .then(|| format!("{goes}: that image {image} survived alone proves little"))
}

pub fn this_image(scene: &Scene<'_>) -> Judgement {
    let Some(point) = point(scene) else {
        return Judgement::not_tested(numbers([]), NOTHING_DIED);
    };
    let Some(image) = point.image else {
        return if is_before_images(&point.phase) {
            Judgement::ruled_out(
                numbers([]),
                format!(
                    "it died in phase {}, before an image was opened",
                    point.phase
                ),
            )
        } else {
            Judgement::not_tested(numbers([]), "no image was being analysed")
        };
    };
    let alone = alone(scene, image);
    let same = scene.reproduction().map(|found| found.same);
    let numbers = numbers([
        ("image", Some(Value::from(image))),
        ("position", point.position.map(Value::from)),
        ("survived_alone", Some(Value::from(alone.survived))),
        ("died_alone", Some(Value::from(alone.died))),
        (
            "other_images_survived_alone",
            Some(Value::from(alone.others_survived)),
        ),
        (
            "crashes_as_planned",
            same.map(|same| Value::from(same.events)),
        ),
        ("attempts_as_planned", same.map(|same| Value::from(same.n))),
    ]);
    if let Some(because) = proves_little(scene, &alone, image) {
        return Judgement::not_tested(numbers, because);
    }
    match alone {
        Alone {
            survived: 1..,
            died: 0,
            ..
        } => Judgement::ruled_out(
            numbers,
            format!("image {image} survived as the first image of a fresh worker"),
        ),
        Alone {
            survived: 0,
            died: 1..,
            others_survived: 1..,
        } => Judgement::supported(
            numbers,
            format!(
                "image {image} fails as the first image of a fresh worker, and others survive so"
            ),
        ),
        Alone {
            survived: 0,
            died: 1..,
            ..
        } => Judgement::not_tested(
            numbers,
            "no other image was tried alone: it may be any image",
        ),
        Alone { survived: 1.., .. } => {
            Judgement::not_tested(numbers, format!("alone, image {image} survives sometimes"))
        }
        _ => Judgement::not_tested(
            numbers,
            format!("image {image} was not tried alone: run crashpoint run each-alone"),
        ),
    }
}

pub fn accumulation(scene: &Scene<'_>) -> Judgement {
    let Some(point) = point(scene) else {
        return Judgement::not_tested(numbers([]), NOTHING_DIED);
    };
    let most_survived = scene
        .others()
        .filter(|it| it.attempt.outcome == Outcome::Survived)
        .map(|it| it.attempt.images.len())
        .max();
    let smallest = scene
        .reproduction()
        .and_then(|found| found.smallest.as_ref());
    let (Some(image), Some(position)) = (point.image, point.position) else {
        return if let Some(1) = smallest.map(|smallest| smallest.images.len()) {
            Judgement::ruled_out(numbers([]), "one image in a fresh worker is enough")
        } else if is_before_images(&point.phase) {
            Judgement::ruled_out(
                numbers([]),
                format!("it died in phase {}, before the first image", point.phase),
            )
        } else {
            Judgement::not_tested(numbers([]), "no image was being analysed")
        };
    };
    let alone = alone(scene, image);
    let numbers = numbers([
        ("image", Some(Value::from(image))),
        ("position", Some(Value::from(position))),
        ("survived_alone", Some(Value::from(alone.survived))),
        ("died_alone", Some(Value::from(alone.died))),
        (
            "most_images_survived_in_one_worker",
            most_survived.map(Value::from),
        ),
        (
            "images_of_smallest_reproduction",
            smallest.map(|smallest| Value::from(smallest.images.len())),
        ),
    ]);
    if let Some(because) = proves_little(scene, &alone, image) {
        return Judgement::not_tested(numbers, because);
    }
    if position == 1 {
        return Judgement::ruled_out(numbers, "it died at the first image of a fresh worker");
    }
    match alone {
        Alone {
            survived: 1..,
            died: 0,
            ..
        } => Judgement::supported(
            numbers,
            match smallest.filter(|smallest| smallest.images.len() > 1) {
                Some(smallest) => format!(
                    "image {image} survived alone, and died as the last of {}",
                    smallest.images.len()
                ),
                None => format!(
                    "image {image} died after {} others and survived alone",
                    position - 1
                ),
            },
        ),
        Alone {
            survived: 0,
            died: 1..,
            ..
        } => Judgement::ruled_out(numbers, format!("image {image} dies alone as well")),
        _ => Judgement::not_tested(
            numbers,
            format!(
                "image {image} was not tried alone, or with both outcomes: run crashpoint run fifth-alone"
            ),
        ),
    }
}

pub fn time(scene: &Scene<'_>) -> Judgement {
    let deaths: Vec<Value> = scene
        .dead
        .into_iter()
        .chain(scene.others())
        .filter(|it| matches!(it.attempt.outcome, Outcome::Died | Outcome::Failed))
        .take(16)
        .map(|it| rounded(it.attempt.seconds))
        .collect();
    let longest = scene
        .others()
        .filter(|it| it.attempt.outcome == Outcome::Survived)
        .map(|it| it.attempt.seconds)
        .reduce(f64::max);
    let numbers = numbers([
        (
            "seconds_to_death",
            (!deaths.is_empty()).then(|| Value::from(deaths)),
        ),
        ("longest_survivor_seconds", longest.map(rounded)),
    ]);
    let Some(dead) = scene.dead else {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    };
    match longest {
        Some(longest) if longest > dead.attempt.seconds => Judgement::ruled_out(
            numbers,
            format!(
                "it died after {:.1} s, and another worker survived {longest:.1} s",
                dead.attempt.seconds
            ),
        ),
        _ => Judgement::not_tested(numbers, "no other worker ran for longer"),
    }
}
