//! Curves over all runs, each with its figures to be read off, and the table under them.

use maud::{Markup, html};

use super::super::sheet::{sheet, shown};
use crate::history::{Entry, History};
use crate::words::{number, percent, size};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 120.0;
const LEFT: f64 = 70.0;
const MARGIN: f64 = 14.0;

struct Curve {
    title: &'static str,
    value: fn(&Entry) -> Option<f64>,
    shown: fn(f64) -> String,
}

const CURVES: [Curve; 5] = [
    Curve {
        title: "Crash rate",
        value: |it| Some(it.crash_rate?.interval.estimate),
        shown: percent,
    },
    Curve {
        title: "Seconds an image, median",
        value: |it| it.image_seconds_median,
        shown: number,
    },
    Curve {
        title: "Memory of a worker, peak",
        value: |it| Some(it.peak_rss_bytes? as f64),
        shown: |bytes| size(bytes as u64),
    },
    Curve {
        title: "Memory slope, KiB an image",
        value: |it| Some(it.memory_slope_bytes_per_image? / 1024.0),
        shown: number,
    },
    Curve {
        title: "Temperature, °C",
        value: |it| it.gpu_celsius.map(f64::from).or(it.cpu_celsius),
        shown: number,
    },
];

pub fn html(history: &History) -> String {
    let runs = &history.runs;
    let body = html! {
        h1 { "Runs over time" }
        p { (runs.len()) " runs, in the order in which they began. Point at a dot to read it." }
        @for curve in &CURVES {
            @if let Some(picture) = picture(runs, curve) { h2 { (curve.title) } (picture) }
        }
        h2 { "Figures" }
        table {
            thead { tr {
                th scope="col" { "run" }
                th scope="col" { "result" }
                th scope="col" { "crashed" }
                @for curve in CURVES.iter().skip(1) { th.number scope="col" { (curve.title) } }
            } }
            tbody { @for run in runs { (row(run)) } }
        }
    };
    sheet("crashpoint: runs over time", &body)
}

fn row(run: &Entry) -> Markup {
    let crashed = run
        .crash_rate
        .map_or_else(String::new, |it| format!("{} of {}", it.events, it.n));
    html! {
        tr {
            th scope="row" { (shown(&run.run)) }
            td { (shown(&run.headline)) @if !run.complete { " (unfinished)" } }
            td { (crashed) }
            @for curve in CURVES.iter().skip(1) {
                td.number { ((curve.value)(run).map_or_else(|| "-".to_owned(), curve.shown)) }
            }
        }
    }
}

/// `None` if no run measured it.
fn picture(runs: &[Entry], curve: &Curve) -> Option<Markup> {
    let points: Vec<(usize, f64, &Entry)> = runs
        .iter()
        .enumerate()
        .filter_map(|(at, run)| Some((at, (curve.value)(run)?, run)))
        .collect();
    let highest = points.iter().map(|it| it.1).max_by(f64::total_cmp)?;
    let lowest = points
        .iter()
        .map(|it| it.1)
        .min_by(f64::total_cmp)?
        .min(0.0);
    let range = if highest > lowest {
        highest - lowest
    } else {
        1.0
    };
    let last = runs.len().saturating_sub(1).max(1) as f64;
    let x = |at: usize| LEFT + at as f64 / last * (WIDTH - LEFT - MARGIN);
    let y = |value: f64| HEIGHT - MARGIN - (value - lowest) / range * (HEIGHT - 2.0 * MARGIN);
    let line: Vec<String> = points
        .iter()
        .map(|(at, value, _)| format!("{:.1},{:.1}", x(*at), y(*value)))
        .collect();
    let told = |value: f64| (curve.shown)(value);
    Some(html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(curve.title) {
            @for value in [lowest, highest] {
                line x1=(LEFT) x2=(WIDTH - MARGIN) y1=(y(value)) y2=(y(value)) stroke="currentColor" stroke-opacity="0.2" {}
                text x=(LEFT - 6.0) y=(y(value) + 4.0) text-anchor="end" { (told(value)) }
            }
            polyline points=(line.join(" ")) fill="none" stroke="currentColor" stroke-opacity="0.6" {}
            @for (at, value, run) in &points {
                circle cx=(x(*at)) cy=(y(*value)) r="3.5" fill="currentColor" {
                    title { (shown(&run.run)) ": " (told(*value)) }
                }
            }
        }
    })
}
