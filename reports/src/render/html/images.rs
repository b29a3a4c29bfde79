//! What each image took: all analyses in a picture, and each image by itself in a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, html};

use super::{text, wide};
use crate::outcome::Outcome;
use crate::report::{ImageRecord, Report};
use crate::statistics::Spread;
use crate::words::{counted, number};

/// A table that nobody reads to its end helps nobody; the rest is in `report.json`.
const MOST_ROWS: usize = 60;
const COLUMNS: usize = 500;

pub fn section(report: &Report) -> Markup {
    let images: Vec<&ImageRecord> = report
        .cases
        .iter()
        .flat_map(|case| &case.attempts)
        .filter(|attempt| attempt.counts())
        .flat_map(|attempt| &attempt.images)
        .collect();
    if images.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="images" {
            h2 #images { "Images" }
            (picture(&images))
            (wide("Times of each image", &table(&images)))
        }
    }
}

/// One column for each analysis that has a time, or for several of them from the shortest to the longest.
fn picture(images: &[&ImageRecord]) -> Markup {
    let times: Vec<f64> = images
        .iter()
        .filter_map(|it| it.seconds)
        .filter(|it| it.is_finite())
        .collect();
    let Some(spread) = Spread::of(times.iter().copied()).filter(|it| it.max > 0.0) else {
        return html! {};
    };
    let columns: Vec<&[f64]> = times.chunks(times.len().div_ceil(COLUMNS)).collect();
    let width = 1000.0 / columns.len() as f64;
    let y = |seconds: f64| 100.0 - seconds.max(0.0) / spread.max * 100.0;
    let (mut path, mut lowest) = (String::new(), String::new());
    for (n, column) in columns.iter().enumerate() {
        let high = column.iter().copied().fold(0.0, f64::max);
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        let (left, right) = (n as f64 * width, (n as f64 + 0.85) * width);
        // Writing to a string cannot fail.
        let _ = write!(
            path,
            "M{left:.1} {:.1}H{right:.1}V{:.1}H{left:.1}Z",
            y(high),
            y(low)
        );
        let _ = write!(lowest, "M{left:.1} {:.1}H{right:.1}V100H{left:.1}Z", y(low));
    }
    html! {
        figure .panel {
            figcaption {
                strong { "Seconds an analysis" } " "
                (times.len()) " of them"
                " in their order: median " (number(spread.median)) ", p95 " (number(spread.p95))
                ", longest " (number(spread.max))
            }
            div .plot-frame {
                svg .plot viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-labelledby="times-t times-d" {
                    title #times-t { "Seconds an analysis" }
                    desc #times-d {
                        "Median " (number(spread.median)) ", 95th percentile " (number(spread.p95))
                        ", longest " (number(spread.max)) " seconds"
                    }
                    path .bar d=(lowest) {}
                    path .bar.high d=(path) {}
                }
                span .top aria-hidden="true" { (number(spread.max)) " s" }
                span .bottom aria-hidden="true" { "0" }
            }
        }
    }
}

fn table(images: &[&ImageRecord]) -> Markup {
    let mut by_index: BTreeMap<u32, Vec<&ImageRecord>> = BTreeMap::new();
    for image in images {
        by_index.entry(image.index).or_default().push(image);
    }
    let more = by_index.len().saturating_sub(MOST_ROWS);
    html! {
        table .numbers {
            thead { tr {
                th scope="col" { "image" } th scope="col" { "survived" } th scope="col" { "s median" }
                th scope="col" { "p95" } th scope="col" { "max" } th scope="col" { "tokens/s" }
            } }
            tbody {
                @for (index, analyses) in by_index.iter().take(MOST_ROWS) { (row(*index, analyses)) }
                @if more > 0 { tr { td colspan="6" { "and " (counted(more, "image")) " more in report.json" } } }
            }
        }
    }
}

fn row(index: u32, analyses: &[&ImageRecord]) -> Markup {
    let survived = || analyses.iter().filter(|it| it.outcome == Outcome::Survived);
    let seconds = Spread::of(survived().filter_map(|it| it.seconds));
    let speed = Spread::of(survived().filter_map(|it| it.tokens_per_second));
    let shown = |spread: Option<Spread>, pick: fn(&Spread) -> f64| {
        spread.map_or_else(String::new, |it| number(pick(&it)))
    };
    let all = survived().count() == analyses.len();
    html! {
        tr .bad-row[!all] {
            th scope="row" {
                (index)
                @if let Some(file) = analyses.iter().find_map(|it| it.file.as_ref()) { " " span .file { (text(file)) } }
            }
            td { (survived().count()) " of " (analyses.len()) }
            td { (shown(seconds, |it| it.median)) }
            td { (shown(seconds, |it| it.p95)) }
            td { (shown(seconds, |it| it.max)) }
            td { (shown(speed, |it| it.median)) }
        }
    }
}
