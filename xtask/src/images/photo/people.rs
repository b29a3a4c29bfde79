//! Faces, and a match.

use crate::images::canvas::{Area, Canvas, Colour, area, mix};
use crate::images::noise::{hash, posterise, smooth};

/// Head and shoulders before an unsharp background.
pub fn portrait(
    canvas: &mut Canvas,
    place: Area,
    seed: u32,
    skin: Colour,
    hair: Colour,
    coat: Colour,
) {
    let behind = mix(coat, 0xd9dcd6, 0.55 + 0.3 * hash(seed, 0, 0));
    let oval = |u: f32, v: f32, cx: f32, cy: f32, rx: f32, ry: f32| {
        let (x, y) = ((u - cx) / rx, (v - cy) / ry);
        x * x + y * y
    };
    canvas.paint(place, |u, v| {
        let u = (u - 0.5) * (place.w / place.h).max(0.8) + 0.5;
        let light = posterise(0.75 + 0.5 * (u - 0.5) - 0.25 * (v - 0.4), 24.0);
        let lit = |colour: Colour| {
            mix(
                mix(colour, 0x000000, 0.45),
                mix(colour, 0xffffff, 0.12),
                light,
            )
        };
        let brow = 0.30 + 0.02 * smooth(seed, u * 12.0, 0.0);
        let face = oval(u, v, 0.5, 0.42, 0.155, 0.225);
        if face < 1.0 && v > brow {
            let eye = oval((u - 0.5).abs(), v, 0.062, 0.40, 0.020, 0.012);
            let mouth = oval(u, v, 0.5, 0.535, 0.055, 0.011);
            let nose = oval(u, v, 0.507, 0.465, 0.020, 0.032);
            let brows = oval((u - 0.5).abs(), v, 0.064, 0.365, 0.036, 0.007);
            return match () {
                () if eye < 1.0 => 0x231c1a,
                () if brows < 1.0 => lit(hair),
                () if mouth < 1.0 => lit(mix(skin, 0x8d2f35, 0.55)),
                () if nose < 1.0 => lit(mix(skin, 0x5a3526, 0.18)),
                () => lit(skin),
            };
        }
        if oval(u, v, 0.5, 0.37, 0.185, 0.25) < 1.0 && v < 0.56 + 0.14 * hash(seed, 4, 4) {
            return mix(
                lit(hair),
                0x000000,
                0.2 * posterise(smooth(seed, u * 40.0, v * 5.0), 4.0),
            );
        }
        if (u - 0.5).abs() < 0.075 && (0.55..0.76).contains(&v) {
            return lit(mix(skin, 0x5a3526, 0.2));
        }
        if oval(u, v, 0.5, 1.08, 0.40, 0.40) < 1.0 {
            let collar = (u - 0.5).abs() < (0.86 - v) * 0.55;
            return lit(if collar { 0xf3f1ea } else { coat });
        }
        let blur = smooth(seed + 2, u * 3.0, v * 3.0);
        mix(behind, mix(behind, 0x20262c, 0.5), posterise(blur, 16.0))
    });
}

/// A pitch under floodlights, a full stand behind it.
pub fn stadium(canvas: &mut Canvas, place: Area, seed: u32, home: Colour, away: Colour) {
    let crowd = [0x2b3140, 0x59606e, 0x8c3b36, 0xd8d3c6, home, 0x1d222d];
    canvas.paint(place, |u, v| {
        if v < 0.12 {
            return mix(0x0b1020, 0x2b3552, posterise(v * 8.0, 8.0));
        }
        if v < 0.46 {
            let (seat, row) = ((u * place.w / 5.0) as i32, (v * place.h / 5.0) as i32);
            let shirt = crowd[(hash(seed, seat, row) * 6.0) as usize % 6];
            return mix(
                shirt,
                0x0d1018,
                0.25 + 0.35 * smooth(seed, u * 6.0, v * 4.0),
            );
        }
        if v < 0.53 {
            let board = (u * 6.0) as i32;
            return [0xf2f2ee, home, 0x14315c, 0xe7b93c][(board % 4) as usize];
        }
        let depth = 1.0 / (v - 0.30);
        let stripe = ((u - 0.5) * depth * 3.0 + 40.0) as i32 % 2;
        let grass = if stripe == 0 { 0x2f8041 } else { 0x38924b };
        mix(grass, 0x1b4f2a, posterise((u - 0.5).abs() * 0.8, 10.0))
    });
    for lamp in 0..4_u8 {
        let x = place.x + place.w * (0.14 + 0.24 * f32::from(lamp));
        for bulb in 0..4_u8 {
            canvas.disc(
                x + 9.0 * f32::from(bulb),
                place.y + place.h * 0.07,
                4.0,
                0xfdfbe8,
            );
        }
    }
    let chalk = 0xe6efe2;
    let line = place.y + place.h * 0.60;
    canvas.rule(place.x, line, place.w, 2.0, chalk);
    for player in 0..9 {
        let (i, near) = (player, 0.60 + 0.28 * hash(seed + 5, player, 1));
        let x = place.x + place.w * (0.06 + 0.9 * hash(seed + 6, i, 2));
        let (foot, tall) = (place.y + place.h * near, place.h * 0.22 * near);
        let shirt = if i % 2 == 0 { home } else { away };
        figure(canvas, x, foot, tall, shirt);
    }
    let ball = (place.x + place.w * 0.52, place.y + place.h * 0.86);
    canvas.disc(ball.0, ball.1, place.h * 0.016 + 1.0, 0xffffff);
}

/// Somebody standing: shadow, legs, shirt, arms, head.
fn figure(canvas: &mut Canvas, x: f32, foot: f32, tall: f32, shirt: Colour) {
    let w = tall * 0.26;
    canvas.rounded(area(x - w, foot - 2.0, tall * 0.7, 4.0), 2.0, 0x1f5f30);
    for side in [-1.0, 1.0] {
        let knee = (x + side * w * 0.45, foot - tall * 0.25);
        let ankle = (x + side * w * 0.75, foot - 1.0);
        canvas.polyline(
            &[(x + side * w * 0.2, foot - tall * 0.45), knee, ankle],
            w * 0.34,
            0xb98a68,
        );
        let elbow = (x + side * w * 0.85, foot - tall * 0.56);
        canvas.polyline(
            &[(x + side * w * 0.4, foot - tall * 0.76), elbow],
            w * 0.3,
            shirt,
        );
    }
    canvas.rounded(
        area(x - w * 0.5, foot - tall * 0.82, w, tall * 0.34),
        w * 0.25,
        shirt,
    );
    canvas.rounded(
        area(x - w * 0.5, foot - tall * 0.52, w, tall * 0.14),
        w * 0.12,
        0xf1f1ee,
    );
    canvas.disc(x, foot - tall * 0.91, tall * 0.085, 0xc59673);
}
