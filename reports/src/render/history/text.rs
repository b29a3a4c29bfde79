//! A line for each run.

use super::super::escape::plain;
use crate::history::{Entry, History};
use crate::words::{number, size};

const HEAD: [&str; 8] = [
    "run",
    "crashed",
    "s/image",
    "tokens/s",
    "load s",
    "peak",
    "KiB/image",
    "°C",
];
const LONGEST: usize = 40;

/// Ends in a newline.
pub fn text(history: &History) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(history.runs.iter().map(cells));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            if column == 0 {
                text += &format!("{cell:<width$}");
            } else {
                text += &format!("  {cell:>width$}");
            }
        }
        text.push('\n');
    }
    text
}

fn cells(entry: &Entry) -> [String; 8] {
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    let mut name = plain(&entry.run, LONGEST);
    if !entry.complete {
        name += " (unfinished)";
    }
    [
        name,
        entry.crash_rate.map_or_else(
            || "-".to_owned(),
            |rate| format!("{}/{}", rate.events, rate.n),
        ),
        shown(entry.image_seconds_median),
        shown(entry.tokens_per_second_median),
        shown(entry.load_seconds_median),
        entry.peak_rss_bytes.map_or_else(|| "-".to_owned(), size),
        shown(
            entry
                .memory_slope_bytes_per_image
                .map(|bytes| bytes / 1024.0),
        ),
        shown(entry.gpu_celsius.map(f64::from).or(entry.cpu_celsius)),
    ]
}
