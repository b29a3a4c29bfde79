//! A decoded image. Whatever a file holds, opening it ends, in bounded memory, with a picture
//! or with one sentence.

use std::error::Error;
use std::io::{self, Cursor};
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use sha2::{Digest, Sha256};

use super::{InputError, file, rgb, whole};

/// The longest side of an image, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// The most pixels of an image.
pub const MAX_PIXELS: u64 = 100_000_000;
/// The most memory that decoding may take: the largest image at 16 bits and four channels fits.
const MAX_DECODE_BYTES: u64 = 1 << 30;

/// An image as a model's preprocessor wants it.
#[derive(Debug, Clone)]
pub struct Picture {
    /// 8-bit RGB, converted as Pillow's `convert("RGB")` does; of an animation the first frame.
    /// An EXIF orientation is not applied, as Pillow does not apply it unasked.
    pub image: RgbImage,
    /// Of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// Reads and decodes a PNG, JPEG or WebP file, told apart by content, not by name.
pub fn open(path: &Path) -> Result<Picture, InputError> {
    let bytes = file::read_bounded(path)?;
    let image = decode(&bytes, path)?;
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    Ok(Picture {
        sha256,
        width: image.width(),
        height: image.height(),
        image,
    })
}

fn decode(bytes: &[u8], path: &Path) -> Result<RgbImage, InputError> {
    let format = format_of(bytes, path)?;
    let failed = |error| explain(error, format, path);
    if !whole::is_whole(bytes, format) {
        return Err(InputError::Truncated {
            path: path.into(),
            format: name_of(format),
        });
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(decode_limits());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(InputError::TooManyPixels {
            path: path.into(),
            width,
            height,
        });
    }
    decoder.set_limits(decode_limits()).map_err(failed)?;
    DynamicImage::from_decoder(decoder)
        .map(rgb::as_pillow_does)
        .map_err(failed)
}

fn decode_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    limits
}

fn format_of(bytes: &[u8], path: &Path) -> Result<ImageFormat, InputError> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => Ok(format),
        Ok(other) => Err(InputError::Unsupported {
            path: path.into(),
            kind: other.to_mime_type().into(),
        }),
        Err(_) => Err(InputError::NotAnImage { path: path.into() }),
    }
}

fn name_of(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        _ => "WebP",
    }
}

fn explain(error: ImageError, format: ImageFormat, path: &Path) -> InputError {
    let path = path.to_owned();
    // A decoder may quote the file in its message.
    let reason = |error: &dyn Error| error.to_string().trim().escape_debug().collect();
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            InputError::TooMuchMemory {
                path,
                limit: MAX_DECODE_BYTES,
            }
        }
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            InputError::Truncated {
                path,
                format: name_of(format),
            }
        }
        ImageError::Unsupported(error) => InputError::Unsupported {
            path,
            kind: reason(&error),
        },
        error => InputError::Corrupt {
            path,
            reason: reason(&error),
        },
    }
}
