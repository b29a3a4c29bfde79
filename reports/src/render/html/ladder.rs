//! The ladder as a picture: a rung a row, its attempts as strips, the images in them as cells, and
//! where it died.

use maud::{Markup, html};

use super::super::rung::{Rung, State, rungs};
use super::text;
use crate::outcome::Outcome;
use crate::report::{Attempt, Case, ImageRecord, Report};
use crate::words::{counted, duration, number};

/// Images of an attempt that have cells of their own.
const MOST_CELLS: usize = 40;
/// Attempts of a rung that have strips of their own; those that died come first.
const MOST_STRIPS: usize = 16;

pub fn section(report: &Report) -> Markup {
    let rungs = rungs(report);
    if rungs.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="ladder" {
            h2 #ladder { "The ladder" }
            p .hint {
                span .cell.good aria-hidden="true" { "1" } " an image that survived, "
                span .cell.bad aria-hidden="true" { "1" } " one that it died or failed in, "
                span .cell.open aria-hidden="true" { "1" } " one that nobody saw finish"
            }
            ol .ladder {
                @for rung in &rungs { (one(rung, report)) }
            }
        }
    }
}

fn one(rung: &Rung<'_>, report: &Report) -> Markup {
    let state = match rung.state {
        State::Survived => "good",
        State::Crashed => "bad",
        State::Open => "open",
    };
    let (strips, left_out) = strips(rung, report);
    html! {
        li .rung.(state) {
            div .name {
                span .symbol aria-hidden="true" { (rung.state.symbol()) } " "
                strong { (text(rung.name)) } " "
                span .title { (text(rung.title)) }
            }
            div .counts { (counts(rung)) }
            @if let Some(because) = rung.skipped {
                p .skipped { "Not tried: " (text(because)) }
            }
            @if !strips.is_empty() {
                ul .strips {
                    @for (case, attempt) in strips { (strip(rung, case, attempt)) }
                    @if left_out > 0 {
                        li { "and " (counted(left_out, "further attempt")) " in report.json" }
                    }
                }
            }
        }
    }
}

fn counts(rung: &Rung<'_>) -> String {
    if rung.attempts == 0 {
        return String::new();
    }
    let mut parts = vec![format!(
        "{} of {} survived",
        rung.attempts_survived,
        counted(rung.attempts, "attempt")
    )];
    if rung.images > 0 {
        parts.push(format!(
            "{} of {}",
            rung.images_survived,
            counted(rung.images, "image")
        ));
    }
    if let Some(spread) = &rung.image_seconds {
        parts.push(format!("{} s an image", number(spread.median)));
    }
    parts.push(format!("{} in all", duration(rung.seconds)));
    parts.join(", ")
}

fn strips<'a>(rung: &Rung<'_>, report: &'a Report) -> (Vec<(&'a Case, &'a Attempt)>, usize) {
    let of_rung = report.cases.iter().filter(|it| it.scenario == rung.name);
    let mut all: Vec<(&Case, &Attempt)> = of_rung
        .flat_map(|case| case.attempts.iter().map(move |it| (case, it)))
        .filter(|(_, attempt)| attempt.counts())
        .collect();
    let left_out = all.len().saturating_sub(MOST_STRIPS);
    if left_out > 0 {
        all.sort_by_key(|(_, it)| (it.outcome == Outcome::Survived, it.number));
        all.truncate(MOST_STRIPS);
        all.sort_by_key(|(_, it)| it.number);
    }
    (all, left_out)
}

fn strip(rung: &Rung<'_>, case: &Case, attempt: &Attempt) -> Markup {
    let mut name = match case.name.strip_prefix(rung.name) {
        Some("") => String::new(),
        Some(rest) => rest.trim_start_matches('/').to_owned(),
        None => case.name.clone(),
    };
    if case.attempts.iter().filter(|it| it.counts()).count() > 1 {
        name += &format!(" attempt {}", attempt.n);
    }
    let class = class(attempt.outcome);
    html! {
        li .strip {
            @if !name.is_empty() { span .which { (text(&name)) } " " }
            span .cells role="img" aria-label=(in_words(attempt)) {
                @if attempt.images.is_empty() {
                    span .cell.wide-cell.(class) { (symbol(attempt.outcome)) }
                }
                @for group in groups(&attempt.images) { (cell(&group)) }
            }
            @if let Some(point) = attempt.crash_point.as_ref() {
                " " span .where {
                    (attempt.ending) " in phase " (text(point.phase.as_str()))
                    @if let Some(image) = point.image { " of image " (image) }
                }
            }
        }
    }
}

/// One image, or several neighbours with one outcome.
struct Group<'a> {
    first: &'a ImageRecord,
    images: usize,
}

/// Cells of their own, unless there are too many.
fn groups(images: &[ImageRecord]) -> Vec<Group<'_>> {
    let single = images.len() <= MOST_CELLS;
    let mut groups: Vec<Group<'_>> = Vec::new();
    for image in images {
        match groups.last_mut() {
            Some(last) if !single && last.first.outcome == image.outcome => last.images += 1,
            _ => groups.push(Group {
                first: image,
                images: 1,
            }),
        }
    }
    groups.truncate(MOST_CELLS);
    groups
}

fn cell(group: &Group<'_>) -> Markup {
    let image = group.first;
    let class = class(image.outcome);
    if group.images > 1 {
        let what = format!("{} {}", counted(group.images, "image"), image.outcome);
        return html! { span .cell.wide-cell.(class) title=(what) { (counted(group.images, "image")) } };
    }
    let mut title = format!("image {}: {}", image.index, image.outcome);
    if let Some(seconds) = image.seconds {
        title += &format!(", {} s", number(seconds));
    }
    if let Some(file) = &image.file {
        title += &format!(", {}", text(file));
    }
    html! { span .cell.(class) title=(title) { (image.index) } }
}

fn in_words(attempt: &Attempt) -> String {
    let survived = |it: &&ImageRecord| it.outcome == Outcome::Survived;
    let mut words = format!("attempt {}: {}", attempt.n, attempt.outcome);
    if !attempt.images.is_empty() {
        words += &format!(
            ", {} of {} survived",
            attempt.images.iter().filter(survived).count(),
            counted(attempt.images.len(), "image")
        );
    }
    words
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Survived => "good",
        Outcome::Died | Outcome::Failed => "bad",
        Outcome::Incomplete => "open",
    }
}

fn symbol(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Survived => "✓",
        Outcome::Died | Outcome::Failed => "✗",
        Outcome::Incomplete => "–",
    }
}
