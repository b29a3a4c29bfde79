//! Skylines and machine rooms.

use super::{Light, clouded};
use crate::images::canvas::{Area, Canvas, Colour, mix};
use crate::images::noise::{hash, posterise};

/// A skyline with lit windows, and its lights on the water.
pub fn city(canvas: &mut Canvas, place: Area, seed: u32, light: Light) {
    let block = |u: f32, v: f32| {
        let mut seen = clouded(seed, light, u, v);
        for layer in 0..3 {
            let depth = layer as f32 / 2.0;
            let across = u * (26.0 - 8.0 * depth) + depth * 3.3;
            let house = across.floor() as i32;
            let tall =
                0.55 - 0.42 * hash(seed + layer, house, 0) * (1.0 - 0.3 * depth) + depth * 0.12;
            if v < tall {
                continue;
            }
            seen = mix(light.horizon, light.near, 0.45 + 0.5 * depth);
            let (column, row) = (
                ((across - across.floor()) * 7.0) as i32,
                ((v - tall) * 62.0) as i32,
            );
            let inside = ((v - tall) * 62.0).fract() > 0.4
                && ((across - across.floor()) * 7.0).fract() > 0.35;
            if inside
                && (1..6).contains(&column)
                && hash(seed + 9 * layer + 1, house * 8 + column, row) > 0.66
            {
                seen = mix(seen, 0xffd98a, 0.35 + 0.5 * depth);
            }
        }
        seen
    };
    canvas.paint(place, |u, v| {
        if v < 0.78 {
            return block(u, v);
        }
        let ripple = (hash(seed, (v * 110.0) as i32, 3) - 0.5) * 0.03;
        mix(block(u + ripple, 1.5 - v * 0.95), light.above, 0.45)
    });
}

/// A corridor of equipment racks with small lights.
pub fn racks(canvas: &mut Canvas, place: Area, seed: u32, glow: Colour) {
    canvas.paint(place, |u, v| {
        let side = (u - 0.46).abs().max(0.02);
        let (depth, high) = (0.5 / side, (v - 0.45) / side);
        if high.abs() > 0.95 {
            let far = posterise(1.0 / (1.0 + (v - 0.45).abs() * 9.0), 20.0);
            let base = if high > 0.0 { 0x27313c } else { 0x10161d };
            let lamp = high < 0.0 && (u - 0.46).abs() < 0.05 * (0.45 - v) * 3.0;
            return if lamp {
                mix(0xf4fbff, glow, far)
            } else {
                mix(base, glow, far * 0.5)
            };
        }
        let across = depth * 2.2;
        let (rack, unit) = (across.floor() as i32, ((high + 1.0) * 15.0) as i32);
        let metal = mix(
            0x1a222b,
            glow,
            posterise((depth / 12.0).min(1.0), 16.0) * 0.7,
        );
        if across.fract() < 0.08 || ((high + 1.0) * 15.0).fract() < 0.14 {
            return mix(metal, 0x000000, 0.5);
        }
        let led = (across.fract() * 12.0) as i32;
        let lit = hash(seed, rack * 12 + led, unit + if u < 0.46 { 64 } else { 0 }) > 0.86;
        match lit && led > 7 && side > 0.08 {
            true if hash(seed + 1, rack, unit) > 0.85 => 0xffb347,
            true => mix(glow, 0xffffff, 0.45),
            false => metal,
        }
    });
}
