//! From a decoded image to pixels, as transformers' PIL back end makes them.

use candle_core::{DType, Device, Tensor};
use image::{Rgb, RgbImage, imageops};

use super::ModelError;
use super::processor::{Processor, Size};
use super::resample::{self, Span};

/// The image as the tower wants it: (1, 3, `side`, `side`).
pub fn preprocess(
    image: &RgbImage,
    processor: &Processor,
    side: usize,
    device: &Device,
    dtype: DType,
) -> Result<Tensor, ModelError> {
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 {
        return Err(ModelError::EmptyImage { width, height });
    }
    let fitted = fit(image, processor);
    if fitted.dimensions() != (side as u32, side as u32) {
        let (width, height) = fitted.dimensions();
        return Err(ModelError::OtherSize {
            width,
            height,
            side,
        });
    }
    let pixels = to_planes(&fitted, processor);
    Tensor::from_vec(pixels, (1, 3, side, side), device)
        .and_then(|pixels| pixels.to_dtype(dtype))
        .map_err(ModelError::compute("put the image on the device"))
}

/// Pads, resizes and crops.
fn fit(image: &RgbImage, processor: &Processor) -> RgbImage {
    let padded = processor.pad.map(|colour| pad_to_square(image, colour));
    let image = padded.as_ref().unwrap_or(image);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let size = match processor.resize {
        Some((size, _)) => resized(width, height, size),
        None => (width, height),
    };
    let (columns, rows) = match processor.crop {
        Some(crop) => (Cut::of(size.0, crop.0), Cut::of(size.1, crop.1)),
        None => (Cut::all(size.0), Cut::all(size.1)),
    };
    let seen = match processor.resize {
        Some((_, filter)) => resample::resize(image, size, filter, columns.from, rows.from),
        None => {
            let (x, y) = (columns.from.start as u32, rows.from.start as u32);
            let (width, height) = (columns.from.length as u32, rows.from.length as u32);
            imageops::crop_imm(image, x, y, width, height).to_image()
        }
    };
    if columns.length == columns.from.length && rows.length == rows.from.length {
        return seen;
    }
    // An image smaller than the crop is centred on black.
    let mut out = RgbImage::new(columns.length as u32, rows.length as u32);
    imageops::replace(&mut out, &seen, columns.to as i64, rows.to as i64);
    out
}

fn pad_to_square(image: &RgbImage, colour: [u8; 3]) -> RgbImage {
    let (width, height) = image.dimensions();
    let side = width.max(height);
    let mut square = RgbImage::from_pixel(side, side, Rgb(colour));
    let (x, y) = ((side - width) / 2, (side - height) / 2);
    imageops::replace(&mut square, image, i64::from(x), i64::from(y));
    square
}

fn resized(width: usize, height: usize, size: Size) -> (usize, usize) {
    match size {
        Size::Exact { width, height } => (width, height),
        Size::ShortestEdge(side) => {
            // In floating point and cut off, as transformers does.
            let long = |long: usize, short: usize| ((side * long) as f64 / short as f64) as usize;
            match width <= height {
                true => (side, long(height, width)),
                false => (long(width, height), side),
            }
        }
    }
}

/// A centre crop along one axis.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    /// What is taken.
    from: Span,
    /// Where it goes.
    to: usize,
    /// Of the result.
    length: usize,
}

impl Cut {
    fn all(length: usize) -> Cut {
        Cut {
            from: Span { start: 0, length },
            to: 0,
            length,
        }
    }

    fn of(length: usize, crop: usize) -> Cut {
        match length >= crop {
            true => Cut {
                from: Span {
                    start: (length - crop) / 2,
                    length: crop,
                },
                to: 0,
                length: crop,
            },
            false => Cut {
                from: Span { start: 0, length },
                to: (crop - length).div_ceil(2),
                length: crop,
            },
        }
    }
}

/// Rescaled and normalised, channel after channel.
fn to_planes(image: &RgbImage, processor: &Processor) -> Vec<f32> {
    let mut planes = Vec::with_capacity(image.as_raw().len());
    for channel in 0..3 {
        // A byte has few values, so each is worked out once.
        let values: Vec<f32> = (0..=255_u8)
            .map(|byte| value(byte, channel, processor))
            .collect();
        let bytes = image.as_raw().iter().skip(channel).step_by(3);
        planes.extend(bytes.map(|&byte| values[usize::from(byte)]));
    }
    planes
}

/// The order of the roundings is NumPy's.
fn value(byte: u8, channel: usize, processor: &Processor) -> f32 {
    let scaled = match processor.rescale {
        Some(factor) => (f64::from(byte) * factor) as f32,
        None => f32::from(byte),
    };
    match processor.normalize {
        Some((mean, std)) => (scaled - mean[channel]) / std[channel],
        None => scaled,
    }
}

#[cfg(test)]
mod tests {
    use super::super::processor;
    use super::*;

    #[test]
    fn the_short_edge_leads_and_the_long_one_is_cut_off() {
        assert_eq!(resized(1280, 800, Size::ShortestEdge(336)), (537, 336));
        assert_eq!(resized(800, 1280, Size::ShortestEdge(336)), (336, 537));
        assert_eq!(resized(7, 7, Size::ShortestEdge(336)), (336, 336));
    }

    #[test]
    fn a_crop_is_centred_and_padded_where_the_image_is_smaller() {
        let cut = Cut::of(10, 5);
        assert_eq!((cut.from.start, cut.from.length, cut.to), (2, 5, 0));
        let cut = Cut::of(4, 9);
        assert_eq!((cut.from.start, cut.from.length, cut.to), (0, 4, 3));
    }

    #[test]
    fn padding_makes_a_square_in_the_given_colour() {
        let image = RgbImage::from_pixel(2, 5, Rgb([1, 2, 3]));
        let square = pad_to_square(&image, [9, 8, 7]);
        assert_eq!(square.dimensions(), (5, 5));
        assert_eq!(square.get_pixel(0, 0).0, [9, 8, 7]);
        assert_eq!(square.get_pixel(1, 4).0, [1, 2, 3]);
        assert_eq!(square.get_pixel(3, 4).0, [9, 8, 7]);
    }

    #[test]
    fn an_image_of_another_size_than_the_tower_is_refused() {
        let image = RgbImage::new(20, 30);
        let mut processor = processor::clip(28);
        processor.crop = None;
        let refused = preprocess(&image, &processor, 28, &Device::Cpu, DType::F32).unwrap_err();
        assert!(
            matches!(refused, ModelError::OtherSize { height: 42, .. }),
            "{refused}"
        );
        let empty = preprocess(
            &RgbImage::new(0, 9),
            &processor,
            28,
            &Device::Cpu,
            DType::F32,
        );
        assert!(matches!(empty, Err(ModelError::EmptyImage { .. })));
    }
}
