//! Whether a JPEG file is whole. The decoder fills what is missing with grey and says nothing.

const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Whether the end-of-image marker is reached. Segments are stepped over by their length: the
/// thumbnail that a camera embeds has an end marker of its own.
pub fn is_complete(bytes: &[u8]) -> bool {
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
                match after.get(usize::from(length.max(2))..) {
                    Some(next) if marker == START_OF_SCAN || !next.is_empty() => next,
                    _ => return false,
                }
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
