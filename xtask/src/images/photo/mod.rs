//! Areas that look like photographs from a step away: haze, light, depth and texture.

mod built;
mod land;
mod people;

pub use built::{city, racks};
pub use land::{forest, hills, sea};
pub use people::{portrait, stadium};

use super::canvas::{Colour, mix};
use super::noise::{posterise, rough};

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

/// The sky of a scene at a point of it.
fn clouded(seed: u32, light: Light, u: f32, v: f32) -> Colour {
    let sky = mix(light.above, light.horizon, posterise(v * 1.6, 40.0));
    let cover = (rough(seed, u * 3.0, v * 9.0) - 0.52).max(0.0) * 3.0;
    mix(
        sky,
        mix(light.horizon, 0xffffff, 0.6),
        posterise(cover, 12.0) * 0.8,
    )
}
