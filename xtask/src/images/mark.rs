//! The small furniture of a page: tags, buttons, weather signs, charts.

use super::canvas::{Area, Canvas, Colour, area};
use super::face::Face;
use super::type_set::style;

/// A filled label; returns where it ends.
pub fn tag(canvas: &mut Canvas, x: f32, y: f32, fill: Colour, text: &str) -> f32 {
    let letters = style(Face::NarrowBold, 11.0, 0xffffff);
    let width = letters.width(text) + 14.0;
    canvas.rounded(area(x, y, width, 19.0), 2.0, fill);
    canvas.line(x + 7.0, y + 4.0, letters, text);
    x + width
}

/// A button with its words in the middle.
pub fn button(canvas: &mut Canvas, place: Area, fill: Colour, ink: Colour, text: &str) {
    canvas.rounded(place, place.h / 4.0, fill);
    let letters = style(Face::SansBold, 13.0, ink);
    canvas.line_centred(
        place.x + place.w / 2.0,
        place.y + (place.h - 13.0) / 2.0 - 1.0,
        letters,
        text,
    );
}

/// Three strokes that open a menu.
pub fn menu(canvas: &mut Canvas, x: f32, y: f32, colour: Colour) {
    for stroke in 0..3_u8 {
        canvas.rule(x, y + 6.0 * f32::from(stroke), 20.0, 2.0, colour);
    }
}

/// A magnifying glass.
pub fn search(canvas: &mut Canvas, x: f32, y: f32, ink: Colour, paper: Colour) {
    canvas.disc(x + 7.0, y + 7.0, 7.0, ink);
    canvas.disc(x + 7.0, y + 7.0, 5.0, paper);
    canvas.polyline(&[(x + 12.0, y + 12.0), (x + 17.0, y + 17.0)], 2.4, ink);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Sun,
    Fair,
    Cloud,
    Rain,
    Snow,
    Storm,
}

/// A weather sign about `size` wide around a point.
pub fn weather(canvas: &mut Canvas, cx: f32, cy: f32, size: f32, kind: Weather) {
    let r = size / 2.0;
    if matches!(kind, Weather::Sun | Weather::Fair) {
        let (x, y) = if kind == Weather::Sun {
            (cx, cy)
        } else {
            (cx + r * 0.35, cy - r * 0.3)
        };
        for (dx, dy) in [
            (1.0, 0.0),
            (0.7, 0.7),
            (0.0, 1.0),
            (-0.7, 0.7),
            (-1.0, 0.0),
            (-0.7, -0.7),
            (0.0, -1.0),
            (0.7, -0.7),
        ] {
            let ray = [
                (x + dx * r * 0.62, y + dy * r * 0.62),
                (x + dx * r * 0.85, y + dy * r * 0.85),
            ];
            canvas.polyline(&ray, size * 0.06, 0xf5b63a);
        }
        canvas.disc(x, y, r * 0.48, 0xf9c74f);
    }
    if kind == Weather::Sun {
        return;
    }
    let grey = match kind {
        Weather::Fair | Weather::Snow => 0xd5dde4,
        Weather::Cloud => 0xb4c0ca,
        _ => 0x7f8f9e,
    };
    canvas.disc(cx - r * 0.35, cy + r * 0.12, r * 0.33, grey);
    canvas.disc(cx + r * 0.05, cy - r * 0.08, r * 0.42, grey);
    canvas.disc(cx + r * 0.45, cy + r * 0.15, r * 0.30, grey);
    canvas.rounded(
        area(cx - r * 0.66, cy + r * 0.1, r * 1.4, r * 0.36),
        r * 0.18,
        grey,
    );
    for drop in 0..3_u8 {
        let x = cx - r * 0.4 + r * 0.42 * f32::from(drop);
        match kind {
            Weather::Rain => canvas.polyline(
                &[(x, cy + r * 0.6), (x - r * 0.12, cy + r * 0.9)],
                size * 0.06,
                0x3d8bd4,
            ),
            Weather::Snow => canvas.disc(x, cy + r * 0.74, size * 0.05, 0x8fb7dd),
            _ => {}
        }
    }
    if kind == Weather::Storm {
        let bolt = [
            (cx + r * 0.1, cy + r * 0.4),
            (cx - r * 0.1, cy + r * 0.68),
            (cx + r * 0.12, cy + r * 0.68),
            (cx - r * 0.05, cy + r),
        ];
        canvas.polyline(&bolt, size * 0.07, 0xf2b632);
    }
}

/// A line chart of values on a faint grid, scaled to fill its place.
pub fn chart(canvas: &mut Canvas, place: Area, values: &[f32], ink: Colour, grid: Colour) {
    for row in 0..5_u8 {
        canvas.rule(
            place.x,
            place.y + place.h * f32::from(row) / 4.0,
            place.w,
            1.0,
            grid,
        );
    }
    let low = values.iter().copied().fold(f32::MAX, f32::min);
    let high = values.iter().copied().fold(f32::MIN, f32::max);
    let step = place.w / (values.len() - 1) as f32;
    let up = |value: f32| place.y + place.h * (0.92 - 0.84 * (value - low) / (high - low));
    let points: Vec<(f32, f32)> = values
        .iter()
        .enumerate()
        .map(|(i, value)| (place.x + step * i as f32, up(*value)))
        .collect();
    canvas.polyline(&points, 2.0, ink);
}

/// Values that wander from 0 with a drift, repeatably.
pub fn walk(seed: u32, steps: i32, drift: f32) -> Vec<f32> {
    let moves = (0..steps).map(|step| super::noise::hash(seed, step, 11) - 0.5 + drift);
    moves
        .scan(0.0, |at, step| {
            *at += step;
            Some(*at)
        })
        .collect()
}
