//! Readings over time as pictures that need no script; the numbers in their attributes are for the
//! script that zooms and tells values.
//!
//! Every picture is a thousand units wide and a hundred high, whatever its size on the screen.

use std::fmt::Write;

use maud::{Markup, html};

use super::series::{Panel, highs, name, panels, range};
use super::text;
use crate::phase::Phase;
use crate::time_line::{Band, Readings, Series};
use crate::words::duration;

/// Colours of lines that a panel tells apart.
const COLOURS: usize = 8;
const TICKS: u32 = 4;

pub struct Chart<'a> {
    /// Tells it from others of the page.
    pub id: String,
    pub label: String,
    pub start: f64,
    pub end: f64,
    pub readings: &'a Readings,
    pub bands: &'a [Band],
    /// Where something died.
    pub marks: Vec<f64>,
    /// Times are told as before the end.
    pub backwards: bool,
}

impl Chart<'_> {
    pub fn render(&self) -> Markup {
        let bands = format!("{}-bands", self.id);
        let readings = self.readings;
        let hint = "Arrow keys move a cursor, plus and minus zoom, 0 shows all.";
        html! {
            div .chart tabindex="0" role="group" aria-label=(format!("{}. {hint}", self.label))
                data-start=(self.start) data-end=(self.end) data-backwards[self.backwards]
                data-first=(readings.start_seconds) data-width=(readings.bucket_seconds)
                data-buckets=(joined(&readings.buckets)) {
                div .tools {
                    button type="button" data-do="in" { "Zoom in" }
                    button type="button" data-do="out" { "Zoom out" }
                    button type="button" data-do="all" { "All" }
                    output aria-live="polite" {}
                }
                svg .strip viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=(self.phases()) {
                    g id=(bands) { @for band in self.bands { (self.band(band)) } }
                    (self.crosses())
                }
                (legend(self.bands))
                @for panel in panels(readings) { (self.panel(&panel, &bands)) }
                div .axis aria-hidden="true" { @for tick in 0..=TICKS { span { (self.tick(tick)) } } }
            }
        }
    }

    fn x(&self, seconds: f64) -> f64 {
        let length = (self.end - self.start).max(1e-6);
        ((seconds - self.start) / length * 1000.0).clamp(0.0, 1000.0)
    }

    fn tick(&self, n: u32) -> String {
        let passed = (self.end - self.start) * f64::from(n) / f64::from(TICKS);
        if self.backwards {
            match self.end - self.start - passed {
                left if left < 0.005 => "the end".to_owned(),
                left => format!("−{left:.1} s"),
            }
        } else {
            duration(self.start + passed)
        }
    }

    fn band(&self, band: &Band) -> Markup {
        let x = self.x(band.start_seconds);
        let width = self.x(band.start_seconds + band.seconds) - x;
        html! {
            rect .(class(band)) x=(short(x)) y="0" width=(short(width.max(0.2))) height="100"
                data-from=(short(band.start_seconds)) data-to=(short(band.start_seconds + band.seconds))
                data-label=(label(band)) {}
        }
    }

    fn crosses(&self) -> Markup {
        html! {
            @for mark in &self.marks {
                @let x = short(self.x(*mark));
                line .crash x1=(x) x2=(x) y1="0" y2="100" {}
            }
        }
    }

    fn phases(&self) -> String {
        let crashes = match self.marks.len() {
            0 => String::new(),
            1 => "; one crash point is marked".to_owned(),
            n => format!("; {n} crash points are marked"),
        };
        format!("The phases as bands{crashes}")
    }

    fn panel(&self, panel: &Panel<'_>, bands: &str) -> Markup {
        let id = format!(
            "{}-{}",
            self.id,
            panel.title.replace(' ', "-").to_lowercase()
        );
        let unit = panel.unit;
        html! {
            figure .panel data-unit=(unit.name) {
                figcaption {
                    strong { (panel.title) } " "
                    @for (n, series) in panel.series.iter().enumerate() {
                        span .line { span .key.{ "s" (n % COLOURS) } aria-hidden="true" {} (spread(panel, series)) } " "
                    }
                }
                div .plot-frame {
                    svg .plot viewBox="0 0 1000 100" preserveAspectRatio="none" role="img"
                        aria-labelledby={ (id) "-t " (id) "-d" } {
                        title id={ (id) "-t" } { (panel.title) }
                        desc id={ (id) "-d" } { (described(panel)) }
                        use .behind href={ "#" (bands) } {}
                        line .grid x1="0" x2="1000" y1="50" y2="50" {}
                        @for (n, series) in panel.series.iter().enumerate() {
                            path .series.{ "s" (n % COLOURS) } d=(self.path(panel, series))
                                data-name=(name(series))
                                data-low=(values(panel, &series.low))
                                data-high=(values(panel, highs(series))) {}
                        }
                        (self.crosses())
                    }
                    span .top aria-hidden="true" { (unit.number(panel.top)) " " (unit.name) }
                    span .bottom aria-hidden="true" { (unit.number(panel.bottom)) }
                }
            }
        }
    }

    /// Along the highest values and back along the lowest; where nothing was read for long it is cut.
    fn path(&self, panel: &Panel<'_>, series: &Series) -> String {
        let width = self.readings.bucket_seconds;
        let points: Vec<(u32, f64, f64)> = self
            .readings
            .buckets
            .iter()
            .zip(series.low.iter().zip(highs(series)))
            .filter_map(|(bucket, (low, high))| Some((*bucket, (*low)?, (*high)?)))
            .collect();
        let longest = longest_step(&points);
        let mut path = String::new();
        let near = |a: &(u32, f64, f64), b: &(u32, f64, f64)| b.0.saturating_sub(a.0) <= longest;
        for part in points.chunk_by(near) {
            let mut letter = 'M';
            let back = part.iter().rev().map(|&(bucket, low, _)| (bucket, low));
            let there = part.iter().map(|&(bucket, _, high)| (bucket, high));
            for (bucket, value) in there.chain(back) {
                let at = self.readings.start_seconds + (f64::from(bucket) + 0.5) * width;
                let y = 100.0 - (value - panel.bottom) / (panel.top - panel.bottom) * 100.0;
                let (x, y) = (short(self.x(at)), short(y));
                // Writing to a string cannot fail.
                let _ = write!(path, "{letter}{x} {y}");
                letter = 'L';
            }
            path.push('Z');
        }
        path
    }
}

/// Beyond this nothing was read, and no line may suggest it.
fn longest_step(points: &[(u32, f64, f64)]) -> u32 {
    let mut steps: Vec<u32> = points
        .windows(2)
        .filter_map(|pair| match pair {
            [(a, ..), (b, ..)] => Some(b.saturating_sub(*a)),
            _ => None,
        })
        .collect();
    steps.sort_unstable();
    steps
        .get(steps.len() / 2)
        .map_or(1, |&it| it.saturating_mul(6))
}

/// Of a few characters: the picture is not finer than that.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn joined(numbers: &[u32]) -> String {
    let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
    texts.join(",")
}

fn values(panel: &Panel<'_>, values: &[Option<f64>]) -> String {
    let texts: Vec<String> = values
        .iter()
        .map(|value| value.map_or_else(String::new, |it| panel.unit.number(it)))
        .collect();
    texts.join(",")
}

/// `GPU 0 in use 6.85 to 7.36 of 24.00 GiB`.
fn spread(panel: &Panel<'_>, series: &Series) -> String {
    let unit = panel.unit;
    let Some((low, high)) = range(series) else {
        return name(series);
    };
    let (low, high) = (unit.number(low), unit.number(high));
    let mut words = format!("{} {low}", name(series));
    if low != high {
        words += &format!(" to {high}");
    }
    if let Some(total) = series.total {
        words += &format!(" of {}", unit.number(total));
    }
    format!("{words} {}", unit.name)
}

fn described(panel: &Panel<'_>) -> String {
    let parts: Vec<String> = panel.series.iter().map(|it| spread(panel, it)).collect();
    parts.join("; ")
}

fn label(band: &Band) -> String {
    let mut label = match &band.phase {
        Some(phase) => text(phase.as_str()),
        None => format!("{} phases", band.phases),
    };
    if let Some(image) = band.image {
        label += &format!(", image {image}");
    }
    label
}

/// A class of the style.
fn class(band: &Band) -> &'static str {
    match &band.phase {
        Some(Phase::Start) => "p-start",
        Some(Phase::Load) => "p-load",
        Some(Phase::Warmup) => "p-warmup",
        Some(Phase::Preprocess) => "p-preprocess",
        Some(Phase::Vision) => "p-vision",
        Some(Phase::Prefill) => "p-prefill",
        Some(Phase::Decode) => "p-decode",
        Some(Phase::Idle) => "p-idle",
        Some(Phase::Teardown) => "p-teardown",
        Some(Phase::Run) => "p-run",
        Some(Phase::Other(_)) => "p-other",
        None => "p-many",
    }
}

fn legend(bands: &[Band]) -> Markup {
    let mut shown: Vec<(&'static str, String)> = Vec::new();
    for band in bands {
        let class = class(band);
        if shown.iter().all(|(known, _)| *known != class) {
            let words = match (&band.phase, class) {
                (Some(Phase::Other(_)), _) => "phases of its own".to_owned(),
                (Some(phase), _) => phase.to_string(),
                (None, _) => "several short ones".to_owned(),
            };
            shown.push((class, words));
        }
    }
    html! {
        p .legend {
            "Phases: "
            @for (class, words) in shown { span .line { span .key.(class) aria-hidden="true" {} (words) } " " }
        }
    }
}
