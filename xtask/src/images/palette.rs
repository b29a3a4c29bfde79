//! A picture in at most 256 colours: a third of the bytes of the same picture in full colour,
//! and no eye tells them apart on a page of type.

use std::collections::HashMap;

use color_quant::NeuQuant;
use image::{Rgb, RgbImage};

/// Colour indices, row by row, and the colours they stand for.
#[derive(Debug, PartialEq)]
pub struct Indexed {
    pub width: u32,
    pub height: u32,
    palette: Vec<[u8; 3]>,
    indices: Vec<u8>,
}

impl Indexed {
    pub fn of(picture: &RgbImage) -> Indexed {
        let opaque = |pixel: &Rgb<u8>| [pixel[0], pixel[1], pixel[2], 255];
        let rgba: Vec<u8> = picture.pixels().flat_map(opaque).collect();
        let quantiser = NeuQuant::new(4, 256, &rgba);
        let mut known = HashMap::new();
        let mut nearest = |pixel: &Rgb<u8>| {
            *known
                .entry(*pixel)
                .or_insert_with(|| quantiser.index_of(&opaque(pixel)) as u8)
        };
        Indexed {
            width: picture.width(),
            height: picture.height(),
            indices: picture.pixels().map(&mut nearest).collect(),
            palette: quantiser
                .color_map_rgb()
                .chunks_exact(3)
                .map(|c| [c[0], c[1], c[2]])
                .collect(),
        }
    }

    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(self.palette.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.indices)?;
        writer.finish()?;
        Ok(bytes)
    }

    #[cfg(test)]
    pub fn to_rgb(&self) -> RgbImage {
        RgbImage::from_fn(self.width, self.height, |x, y| {
            let index = self.indices[(y * self.width + x) as usize];
            Rgb(self.palette[usize::from(index)])
        })
    }
}
