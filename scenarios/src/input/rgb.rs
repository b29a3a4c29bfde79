//! Any decoded image as 8-bit RGB, byte for byte as Pillow's `convert("RGB")` makes it, for that
//! is what a Python service would have shown to its model.

use image::{DynamicImage, Rgb, RgbImage};

/// Alpha is dropped, not composited; of 16 bits the upper eight count, except in grey images.
pub fn as_pillow_does(decoded: DynamicImage) -> RgbImage {
    match decoded {
        // Pillow reads 16-bit grey as integers and cuts them off at 255. Odd, but what it shows.
        DynamicImage::ImageLuma16(grey) => map(&grey, |pixel| [pixel[0].min(255) as u8; 3]),
        DynamicImage::ImageLumaA16(grey) => map(&grey, |pixel| [high(pixel[0]); 3]),
        DynamicImage::ImageRgb16(image) => map(&image, |pixel| [0, 1, 2].map(|i| high(pixel[i]))),
        DynamicImage::ImageRgba16(image) => map(&image, |pixel| [0, 1, 2].map(|i| high(pixel[i]))),
        eight_bit => eight_bit.into_rgb8(),
    }
}

fn high(value: u16) -> u8 {
    (value >> 8) as u8
}

fn map<I: image::GenericImageView>(image: &I, convert: impl Fn(I::Pixel) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        Rgb(convert(image.get_pixel(x, y)))
    })
}
