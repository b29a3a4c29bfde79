//! The time line of the run, and the last seconds before each crash point.

use maud::{Markup, html};

use super::chart::Chart;
use super::text;
use crate::report::Report;
use crate::words::duration;

pub fn section(report: &Report) -> Markup {
    let Some(line) = &report.time_line else {
        return html! {};
    };
    let end = report.run.seconds.max(1e-3);
    let whole = Chart {
        id: "run".to_owned(),
        label: format!("Time line of the run, {}", duration(end)),
        start: 0.0,
        end,
        readings: &line.readings,
        bands: &line.bands,
        marks: line.crash_points.iter().map(|it| it.seconds).collect(),
        backwards: false,
    };
    html! {
        section aria-labelledby="time-line" {
            h2 #time-line { "Time line" }
            @if line.readings.buckets.is_empty() { p .hint { "No probe was read in this run." } }
            (whole.render())
            @if !line.crash_points.is_empty() {
                ul .marks {
                    @for mark in &line.crash_points {
                        li { span .crash-key aria-hidden="true" { "✗" } " after " (duration(mark.seconds)) ": " (text(&mark.place)) }
                    }
                    @if line.crash_points_left_out > 0 { li { "and " (line.crash_points_left_out) " more" } }
                }
            }
            @for (n, close) in line.close_ups.iter().enumerate() {
                h3 { "The last seconds before: " (text(&close.place)) }
                (Chart {
                    id: format!("close-{n}"),
                    label: format!("The last seconds before the crash point {}", text(&close.place)),
                    start: close.start_seconds,
                    end: close.end_seconds,
                    readings: &close.readings,
                    bands: &close.bands,
                    marks: vec![close.end_seconds],
                    backwards: true,
                }.render())
            }
        }
    }
}
