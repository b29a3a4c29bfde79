//! Resizing as Pillow does it, byte for byte: the width first, then the height, each pass in
//! fixed point and rounded to bytes. (From version 13 on Pillow takes the height first where it
//! shrinks far more than the width, which moves some bytes by a few levels.)
//!
//! Only the wanted window of the result is computed. Resizing the short edge of a very long image
//! to the model's size would otherwise make gigabytes that the centre crop throws away.

use image::RgbImage;

/// Of the fixed-point coefficients: 32 less 8 for the byte and 2 for sign and overshoot.
const PRECISION_BITS: u32 = 22;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Bilinear,
    Bicubic,
}

impl Filter {
    /// How far the filter reaches, in output pixels.
    fn support(self) -> f64 {
        match self {
            Filter::Bilinear => 1.0,
            Filter::Bicubic => 2.0,
        }
    }

    fn at(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        match self {
            Filter::Bilinear if x < 1.0 => 1.0 - x,
            Filter::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Filter::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}

/// A stretch of one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub length: usize,
}

/// `image` resized to `width` x `height`, of which the columns and rows asked for are returned.
/// Neither the image nor the size may be empty, and the spans must lie within the size.
pub fn resize(
    image: &RgbImage,
    (width, height): (usize, usize),
    filter: Filter,
    columns: Span,
    rows: Span,
) -> RgbImage {
    let (from_width, from_height) = (image.width() as usize, image.height() as usize);
    let across = taps(from_width, width, filter, columns);
    let down = taps(from_height, height, filter, rows);
    // The source rows that any wanted row reaches.
    let first = down.iter().map(|taps| taps.first).min().unwrap_or(0);
    let end = down
        .iter()
        .map(|taps| taps.first + taps.weights.len())
        .max()
        .unwrap_or(0);

    let source = image.as_raw();
    let mut narrow = vec![0; (end - first) * columns.length * 3];
    for y in first..end {
        let line = &source[y * from_width * 3..][..from_width * 3];
        let out = &mut narrow[(y - first) * columns.length * 3..][..columns.length * 3];
        blend_across(line, &across, out);
    }
    let mut out = vec![0; rows.length * columns.length * 3];
    let stride = columns.length * 3;
    for (taps, line) in down.iter().zip(out.chunks_exact_mut(stride)) {
        blend_down(&narrow[(taps.first - first) * stride..], taps, line);
    }
    // The buffer has exactly the size that the image needs.
    RgbImage::from_raw(columns.length as u32, rows.length as u32, out).unwrap_or_default()
}

/// The source pixels that make one output pixel.
struct Taps {
    first: usize,
    /// Fixed point, with [`PRECISION_BITS`] after the point.
    weights: Vec<i32>,
}

fn taps(from: usize, to: usize, filter: Filter, span: Span) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    // Shrinking widens the filter; enlarging does not narrow it.
    let stretch = scale.max(1.0);
    let support = filter.support() * stretch;
    let one = |index: usize| {
        let centre = (index as f64 + 0.5) * scale;
        // Truncated, as C does.
        let first = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(from);
        let weights: Vec<f64> = (first..end)
            .map(|x| filter.at((x as f64 - centre + 0.5) * (1.0 / stretch)))
            .collect();
        let sum: f64 = weights.iter().sum();
        Taps {
            first,
            weights: weights
                .iter()
                .map(|weight| fixed_point(weight / sum))
                .collect(),
        }
    };
    (span.start..span.start + span.length).map(one).collect()
}

fn fixed_point(weight: f64) -> i32 {
    let scaled = weight * f64::from(1 << PRECISION_BITS);
    (scaled + 0.5_f64.copysign(scaled)) as i32
}

fn blend_across(line: &[u8], across: &[Taps], out: &mut [u8]) {
    for (taps, pixel) in across.iter().zip(out.chunks_exact_mut(3)) {
        let mut sums = [1 << (PRECISION_BITS - 1); 3];
        let from = &line[taps.first * 3..];
        for (weight, rgb) in taps.weights.iter().zip(from.chunks_exact(3)) {
            sums[0] += weight * i32::from(rgb[0]);
            sums[1] += weight * i32::from(rgb[1]);
            sums[2] += weight * i32::from(rgb[2]);
        }
        for (byte, sum) in pixel.iter_mut().zip(sums) {
            *byte = to_byte(sum);
        }
    }
}

fn blend_down(from: &[u8], taps: &Taps, out: &mut [u8]) {
    let stride = out.len();
    let mut sums = vec![1 << (PRECISION_BITS - 1); stride];
    for (weight, line) in taps.weights.iter().zip(from.chunks_exact(stride)) {
        for (sum, byte) in sums.iter_mut().zip(line) {
            *sum += weight * i32::from(*byte);
        }
    }
    for (byte, sum) in out.iter_mut().zip(sums) {
        *byte = to_byte(sum);
    }
}

fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(length: usize) -> Span {
        Span { start: 0, length }
    }

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x * 7 + y) as u8, (x ^ y) as u8, (y * 13) as u8])
        })
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let image = gradient(31, 17);
        let same = resize(&image, (31, 17), Filter::Bicubic, whole(31), whole(17));
        assert_eq!(image, same);
    }

    #[test]
    fn a_window_is_cut_from_the_whole() {
        let image = gradient(90, 70);
        let (columns, rows) = (
            Span {
                start: 11,
                length: 9,
            },
            Span {
                start: 5,
                length: 8,
            },
        );
        for filter in [Filter::Bilinear, Filter::Bicubic] {
            let all = resize(&image, (40, 30), filter, whole(40), whole(30));
            let window = resize(&image, (40, 30), filter, columns, rows);
            let cut = image::imageops::crop_imm(&all, 11, 5, 9, 8).to_image();
            assert_eq!(window, cut, "{filter:?}");
        }
    }

    #[test]
    fn a_very_long_image_costs_only_its_window() {
        let image = gradient(16_384, 1);
        let columns = Span {
            start: 16_384 * 168 - 168,
            length: 336,
        };
        let window = resize(
            &image,
            (16_384 * 336, 336),
            Filter::Bicubic,
            columns,
            whole(336),
        );
        assert_eq!(window.dimensions(), (336, 336));
    }
}
