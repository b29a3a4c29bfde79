//! Repeatable noise: an integer hash, and smooth value noise made of it.

/// A number from 0 to 1 that depends on nothing but the arguments.
pub fn hash(seed: u32, x: i32, y: i32) -> f32 {
    let mut h = seed.wrapping_mul(0x9e37_79b1) ^ (x as u32).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 15)).wrapping_add((y as u32).wrapping_mul(0xc2b2_ae35));
    h = (h ^ (h >> 13)).wrapping_mul(0x27d4_eb2f);
    h = (h ^ (h >> 16)).wrapping_mul(0x1656_67b1);
    ((h ^ (h >> 15)) >> 8) as f32 / (1 << 24) as f32
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// Smooth noise from 0 to 1 with features about one unit wide.
pub fn smooth(seed: u32, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (ease(x - left), ease(y - top));
    let (i, j) = (left as i32, top as i32);
    let upper = hash(seed, i, j) * (1.0 - u) + hash(seed, i + 1, j) * u;
    let lower = hash(seed, i, j + 1) * (1.0 - u) + hash(seed, i + 1, j + 1) * u;
    upper * (1.0 - v) + lower * v
}

/// Smooth noise with finer noise upon it, from 0 to 1.
pub fn rough(seed: u32, x: f32, y: f32) -> f32 {
    (0..4)
        .fold((0.0, 0.5, 1.0), |(sum, weight, scale), octave| {
            let layer = smooth(seed.wrapping_add(octave), x * scale, y * scale);
            (sum + layer * weight, weight * 0.5, scale * 2.0)
        })
        .0
        / 0.9375
}

/// The nearest of `steps` even levels: flat areas compress well.
pub fn posterise(value: f32, steps: f32) -> f32 {
    (value * steps).floor() / steps
}
