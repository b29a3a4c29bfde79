//! A picture under construction: anti-aliased shapes on an opaque RGB page.

use image::{Rgb, RgbImage};

/// A colour as `0xRRGGBB`.
pub type Colour = u32;

/// A rectangle in pixels: left, top, width, height.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

pub const fn area(x: f32, y: f32, w: f32, h: f32) -> Area {
    Area { x, y, w, h }
}

impl Area {
    /// The same rectangle, smaller by `margin` on every side.
    pub fn inset(self, margin: f32) -> Area {
        area(
            self.x + margin,
            self.y + margin,
            self.w - 2.0 * margin,
            self.h - 2.0 * margin,
        )
    }
}

pub fn channels(colour: Colour) -> [u8; 3] {
    [(colour >> 16) as u8, (colour >> 8) as u8, colour as u8]
}

/// `from` at 0, `to` at 1, by channel.
pub fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    let [a, b] = [channels(from), channels(to)];
    (0..3).fold(0, |colour, i| {
        let value = f32::from(a[i]) + (f32::from(b[i]) - f32::from(a[i])) * share;
        (colour << 8) | (value + 0.5) as u32
    })
}

#[derive(Debug)]
pub struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub fn new(width: u32, height: u32, background: Colour) -> Canvas {
        Canvas {
            image: RgbImage::from_pixel(width, height, Rgb(channels(background))),
        }
    }

    pub fn finish(self) -> RgbImage {
        self.image
    }

    /// Covers a pixel by `share` (0 to 1) with a colour; outside the picture nothing happens.
    pub fn blend(&mut self, x: i32, y: i32, colour: Colour, share: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if share <= 0.0 || x >= self.image.width() || y >= self.image.height() {
            return;
        }
        let under = self.image.get_pixel_mut(x, y);
        let below = u32::from_be_bytes([0, under[0], under[1], under[2]]);
        *under = Rgb(channels(mix(below, colour, share)));
    }

    /// Fills whatever `distance` (to the shape's edge, negative inside) says is inside, with
    /// an edge one pixel soft; only pixels of `within` are looked at.
    fn shape(&mut self, within: Area, colour: Colour, distance: impl Fn(f32, f32) -> f32) {
        let (left, top) = (within.x.floor() as i32 - 1, within.y.floor() as i32 - 1);
        let right = (within.x + within.w).ceil() as i32 + 1;
        let bottom = (within.y + within.h).ceil() as i32 + 1;
        for y in top..bottom {
            for x in left..right {
                let away = distance(x as f32 + 0.5, y as f32 + 0.5);
                self.blend(x, y, colour, (0.5 - away).clamp(0.0, 1.0));
            }
        }
    }

    pub fn rect(&mut self, place: Area, colour: Colour) {
        self.rounded(place, 0.0, colour);
    }

    pub fn rounded(&mut self, place: Area, radius: f32, colour: Colour) {
        let (cx, cy) = (place.x + place.w / 2.0, place.y + place.h / 2.0);
        let (hw, hh) = (place.w / 2.0 - radius, place.h / 2.0 - radius);
        self.shape(place, colour, |x, y| {
            let (dx, dy) = ((x - cx).abs() - hw, (y - cy).abs() - hh);
            let (ox, oy) = (dx.max(0.0), dy.max(0.0));
            (ox * ox + oy * oy).sqrt() + dx.max(dy).min(0.0) - radius
        });
    }

    /// A rounded rectangle with a border one pixel wide.
    pub fn card(&mut self, place: Area, radius: f32, fill: Colour, border: Colour) {
        self.rounded(place, radius, border);
        self.rounded(place.inset(1.0), (radius - 1.0).max(0.0), fill);
    }

    pub fn disc(&mut self, cx: f32, cy: f32, radius: f32, colour: Colour) {
        let place = area(cx - radius, cy - radius, 2.0 * radius, 2.0 * radius);
        self.rounded(place, radius, colour);
    }

    /// A horizontal rule.
    pub fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, colour: Colour) {
        self.rect(area(x, y, width, thickness), colour);
    }

    /// A chain of straight strokes with round ends.
    pub fn polyline(&mut self, points: &[(f32, f32)], thickness: f32, colour: Colour) {
        for ends in points.windows(2) {
            let ((ax, ay), (bx, by)) = (ends[0], ends[1]);
            let (dx, dy) = (bx - ax, by - ay);
            let length = (dx * dx + dy * dy).max(1e-6);
            let half = thickness / 2.0;
            let place = area(
                ax.min(bx) - half,
                ay.min(by) - half,
                dx.abs() + thickness,
                dy.abs() + thickness,
            );
            self.shape(place, colour, |x, y| {
                let along = (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0);
                let (ox, oy) = (x - ax - dx * along, y - ay - dy * along);
                (ox * ox + oy * oy).sqrt() - half
            });
        }
    }

    /// Fills a rectangle pixel by pixel; `paint` gets coordinates from 0 to 1 in each direction.
    pub fn paint(&mut self, place: Area, paint: impl Fn(f32, f32) -> Colour) {
        let (left, top) = (place.x as i32, place.y as i32);
        let (width, height) = (place.w as i32, place.h as i32);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (
                    (x as f32 + 0.5) / width as f32,
                    (y as f32 + 0.5) / height as f32,
                );
                self.blend(left + x, top + y, paint(u, v), 1.0);
            }
        }
    }
}
