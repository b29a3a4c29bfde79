//! Whether a file's data is all there, where the decoder would not say so: a JPEG decoder fills
//! what is missing with grey, and a WebP decoder calls it something else.

use image::ImageFormat;

const END_OF_IMAGE: u8 = 0xd9;

/// Whether the format's own sign of its end lies within `bytes`. PNG is left to its decoder,
/// which checks every chunk.
pub fn is_whole(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => reaches_end_of_image(bytes),
        ImageFormat::WebP => holds_its_declared_size(bytes),
        _ => true,
    }
}

/// RIFF: four letters, then the number of bytes that follow.
fn holds_its_declared_size(bytes: &[u8]) -> bool {
    let size = bytes
        .get(4..)
        .and_then(|rest| rest.first_chunk())
        .map(|size| u32::from_le_bytes(*size));
    size.is_some_and(|size| bytes.len() as u64 >= u64::from(size) + 8)
}

/// Steps over segments by their length: the thumbnail that a camera embeds has an end marker of
/// its own.
fn reaches_end_of_image(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        let Some((marker, after)) = next_marker(rest) else {
            return false;
        };
        rest = match marker {
            END_OF_IMAGE => return true,
            // These stand alone: a second start, a restart, a temporary marker.
            0x01 | 0xd0..=0xd8 => after,
            _ => {
                let length = after
                    .first_chunk()
                    .map_or(0, |length| u16::from_be_bytes(*length));
                let Some(next) = after.get(usize::from(length.max(2))..) else {
                    return false;
                };
                next
            }
        };
    }
}

/// The next marker and what follows it; entropy-coded data, where `ff 00` stands for `ff`, is
/// passed over.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let at = bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff))?;
    Some((bytes[at + 1], &bytes[at + 2..]))
}
