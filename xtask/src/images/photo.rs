//! Areas that look like photographs from a step away: haze, light, depth and texture.

use super::canvas::{Area, Canvas, Colour, area, mix};
use super::noise::{hash, posterise, rough, smooth};

/// The light a scene is seen in: the sky's top and bottom, and the colour of what is near.
#[derive(Debug, Clone, Copy)]
pub struct Light {
    pub above: Colour,
    pub horizon: Colour,
    pub near: Colour,
}

pub const DAY: Light = Light {
    above: 0x4f88bd,
    horizon: 0xdce8ea,
    near: 0x24452f,
};
pub const DUSK: Light = Light {
    above: 0x3b3a66,
    horizon: 0xf0a25f,
    near: 0x1c1626,
};
pub const NIGHT: Light = Light {
    above: 0x070b1a,
    horizon: 0x2d3c63,
    near: 0x05070d,
};
pub const MIST: Light = Light {
    above: 0xa9b6bc,
    horizon: 0xe6e7e2,
    near: 0x37443f,
};

/// Height of a ridge at `u`; small octaves make it craggy.
fn ridge(seed: u32, u: f32, base: f32, relief: f32) -> f32 {
    base - relief * (rough(seed, u * 4.0, 0.5) - 0.3)
}

fn clouded(seed: u32, light: Light, u: f32, v: f32) -> Colour {
    let sky = mix(light.above, light.horizon, posterise(v * 1.6, 40.0));
    let cover = (rough(seed, u * 3.0, v * 9.0) - 0.52).max(0.0) * 3.0;
    mix(
        sky,
        mix(light.horizon, 0xffffff, 0.6),
        posterise(cover, 12.0) * 0.8,
    )
}

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
