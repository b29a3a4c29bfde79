//! What Pillow 13 makes of the same files with `Image.open(path).convert("RGB")`.

use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgba, RgbaImage};

use super::*;
use crate::input::{open, sha256_of};

const WORDS: [u16; 8] = [0, 1, 0x00ff, 0x0100, 0x1234, 0x80ff, 0xfffe, 0xffff];
const UPPER: [u8; 8] = [0, 0, 0, 1, 18, 128, 255, 255];

/// The first row's pixels, which must be grey, after a trip through a PNG file.
fn greys(image: impl Into<DynamicImage>) -> Vec<u8> {
    let place = Place::new();
    let picture = open(&place.write("p", encoded(&image.into(), ImageFormat::Png))).unwrap();
    assert_eq!((picture.width, picture.height), picture.image.dimensions());
    assert!(picture.image.pixels().all(|pixel| pixel.0 == [pixel[0]; 3]));
    picture.image.pixels().map(|pixel| pixel[0]).collect()
}

#[test]
fn sixteen_bits() {
    let rgb = ImageBuffer::from_fn(8, 1, |x, _| Rgb([WORDS[x as usize]; 3]));
    assert_eq!(greys(DynamicImage::ImageRgb16(rgb)), UPPER);
    let rgba = ImageBuffer::from_fn(8, 1, |x, _| {
        let word = WORDS[x as usize];
        Rgba([word, word, word, 0])
    });
    assert_eq!(greys(DynamicImage::ImageRgba16(rgba)), UPPER);
    let faint = ImageBuffer::from_fn(8, 1, |x, _| LumaA([WORDS[x as usize], 7]));
    assert_eq!(greys(DynamicImage::ImageLumaA16(faint)), UPPER);
    let grey = ImageBuffer::from_fn(8, 1, |x, _| Luma([WORDS[x as usize]]));
    assert_eq!(
        greys(DynamicImage::ImageLuma16(grey)),
        [0, 1, 255, 255, 255, 255, 255, 255]
    );
}

#[test]
fn alpha_is_dropped_not_composited() {
    let clear = RgbaImage::from_fn(3, 1, |x, _| Rgba([200, 200, 200, x as u8 * 127]));
    assert_eq!(greys(clear), [200, 200, 200]);
    let clear = GrayAlphaImage::from_fn(3, 1, |x, _| LumaA([90, x as u8 * 127]));
    assert_eq!(greys(clear), [90, 90, 90]);
}

#[test]
fn grey_becomes_three_equal_channels() {
    assert_eq!(
        greys(GrayImage::from_fn(4, 1, |x, _| Luma([x as u8 * 80]))),
        [0, 80, 160, 240]
    );
}

#[test]
fn lossless_formats_keep_every_pixel_whatever_the_name() {
    let place = Place::new();
    let drawn = busy(37, 23);
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let path = place.write("page.jpg", encoded(&drawn, format));
        let picture = open(&path).unwrap();
        assert_eq!(&picture.image, drawn.as_rgb8().unwrap());
        assert_eq!(picture.sha256, sha256_of(&path).unwrap());
    }
}

#[test]
fn a_jpeg_is_close_to_what_was_drawn() {
    let place = Place::new();
    let drawn = RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8 * 3, y as u8 * 3, 100]));
    let path = place.write(
        "page.png",
        encoded(&drawn.clone().into(), ImageFormat::Jpeg),
    );
    let decoded = open(&path).unwrap().image;
    let apart = drawn
        .iter()
        .zip(decoded.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)));
    assert!(apart.sum::<u64>() < 6 * 64 * 64 * 3);
}

#[test]
fn the_digest_is_that_of_the_files_bytes() {
    let place = Place::new();
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256_of(&place.write("abc", "abc")).unwrap(), abc);
}
