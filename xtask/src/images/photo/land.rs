//! Hills, sea and forest.

use super::{Light, clouded};
use crate::images::canvas::{Area, Canvas, area, mix};
use crate::images::noise::{hash, posterise, rough, smooth};

/// Ridges that fade into haze, above a lake that mirrors them.
pub fn hills(canvas: &mut Canvas, place: Area, seed: u32, light: Light) {
    let land = |u: f32, v: f32| {
        let mut seen = clouded(seed, light, u, v);
        for layer in 0..5_u8 {
            let depth = f32::from(layer) / 4.0;
            let top = ridge(
                seed + 20 + u32::from(layer),
                u + depth,
                0.42 + 0.09 * depth * 2.6,
                0.30 - 0.17 * depth,
            );
            if v > top {
                let shade = posterise(rough(seed + 7, u * 14.0, v * 18.0), 6.0) * 0.25;
                let bare = mix(light.horizon, light.near, 0.3 + 0.65 * depth);
                seen = mix(bare, light.horizon, shade * (1.0 - depth * 0.6));
            }
        }
        seen
    };
    canvas.paint(place, |u, v| {
        if v < 0.74 {
            return land(u, v);
        }
        let ripple = (hash(seed, (v * 160.0) as i32, (u * 9.0) as i32) - 0.5) * 0.02;
        mix(land(u + ripple, 1.42 - v * 0.92), light.above, 0.35)
    });
}

/// Height of a ridge at `u`; small octaves make it craggy.
fn ridge(seed: u32, u: f32, base: f32, relief: f32) -> f32 {
    base - relief * (rough(seed, u * 4.0, 0.5) - 0.3)
}

/// Swell under a wide sky, a sail on the horizon.
pub fn sea(canvas: &mut Canvas, place: Area, seed: u32, light: Light) {
    let sun = 0.2 + 0.6 * hash(seed, 1, 1);
    canvas.paint(place, |u, v| {
        let glow = (1.0 - ((u - sun) * (u - sun) * 5.0 + (v - 0.45) * (v - 0.45) * 20.0)).max(0.0);
        if v < 0.5 {
            return mix(
                clouded(seed, light, u, v * 1.2),
                0xfff3cf,
                posterise(glow, 20.0) * 0.7,
            );
        }
        let near = (v - 0.5) * 2.0;
        let swell = smooth(seed + 3, u * (30.0 - 22.0 * near), 6.0 / (near + 0.08));
        let water = mix(
            light.horizon,
            mix(light.above, light.near, 0.6),
            0.35 + 0.6 * near,
        );
        let crest = posterise((swell - 0.62).max(0.0) * 2.6, 8.0);
        let path = (1.0 - (u - sun).abs() * (9.0 - 6.0 * near)).max(0.0) * swell;
        mix(
            mix(water, light.horizon, crest),
            0xfff3cf,
            posterise(path, 8.0) * 0.8,
        )
    });
    let (x, y, tall) = (
        place.x + place.w * (1.1 - sun),
        place.y + place.h * 0.5,
        place.h * 0.22,
    );
    for step in 0..tall as i32 {
        let down = step as f32;
        canvas.rule(
            x - down * 0.28,
            y - tall + down,
            down * 0.28,
            1.0,
            mix(0xfaf6ea, light.near, 0.15),
        );
        canvas.rule(
            x + 2.0,
            y - tall + down,
            down * 0.18,
            1.0,
            mix(0xe0d8c4, light.near, 0.3),
        );
    }
    canvas.rounded(
        area(x - tall * 0.32, y, tall * 0.6, tall * 0.09),
        2.0,
        light.near,
    );
}

/// Trunks in mist.
pub fn forest(canvas: &mut Canvas, place: Area, seed: u32, light: Light) {
    canvas.paint(place, |u, v| {
        let mut seen = mix(light.above, light.horizon, posterise(v * 1.2, 30.0));
        for layer in 0..4_u8 {
            let depth = f32::from(layer) / 3.0;
            let across = u * (30.0 - 21.0 * depth) + 7.0 * depth;
            let lean = (smooth(seed + u32::from(layer), across.floor(), v * 1.5) - 0.5) * 0.3;
            let away = (across.fract() - 0.5 - lean * 0.4).abs();
            let girth = 0.06 + 0.12 * hash(seed + 30 + u32::from(layer), across.floor() as i32, 0);
            let bark = mix(light.horizon, light.near, 0.25 + 0.7 * depth);
            let floor =
                0.74 + 0.07 * depth + 0.05 * rough(seed + 40 + u32::from(layer), u * 5.0, 0.0);
            if v > floor {
                seen = mix(
                    bark,
                    0x6d6a35,
                    0.3 * posterise(rough(seed, u * 20.0, v * 30.0), 5.0),
                );
            } else if away < girth {
                seen = mix(bark, light.horizon, posterise(away / girth, 5.0) * 0.18);
            } else if v < 0.34 && rough(seed + 50 + u32::from(layer), u * 9.0, v * 9.0) > 0.46 + v {
                seen = mix(bark, 0x4d7a45, 0.35);
            }
        }
        seen
    });
}
