//! One record as one line, ending in the CRC-32C of the bytes before it.

use std::fmt::Write as _;

use thiserror::Error;

use crate::event::Record;

const CHECK: &str = ",\"crc\":\"";
/// `,"crc":"` + eight hexadecimal digits + `"}`.
const TAIL_BYTES: usize = CHECK.len() + 8 + 2;

#[derive(Debug, Error, PartialEq, Eq)]
pub enum LineError {
    #[error("it has no check at its end")]
    NoCheck,
    #[error("its check does not match its bytes")]
    WrongCheck,
    #[error("its check matches, but it is no record this version knows: {0}")]
    Unknown(String),
}

/// Appends the record's line, newline included.
pub fn encode(record: &Record, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let start = line.len();
    if let Err(error) = serde_json::to_writer(&mut *line, record) {
        line.truncate(start);
        return Err(error);
    }
    // The closing brace goes: the check becomes the object's last member.
    line.pop();
    let check = crc32c::crc32c(&line[start..]);
    let mut tail = String::with_capacity(TAIL_BYTES + 1);
    // Writing into a String cannot fail.
    let _ = writeln!(tail, "{CHECK}{check:08x}\"}}");
    line.extend_from_slice(tail.as_bytes());
    Ok(())
}

/// Reads one line, without its newline.
pub fn decode(line: &[u8]) -> Result<Record, LineError> {
    let at = line
        .len()
        .checked_sub(TAIL_BYTES)
        .ok_or(LineError::NoCheck)?;
    let (body, tail) = line.split_at(at);
    let written = tail
        .strip_prefix(CHECK.as_bytes())
        .and_then(|rest| rest.strip_suffix(b"\"}"))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or(LineError::NoCheck)?;
    if crc32c::crc32c(body) != written {
        return Err(LineError::WrongCheck);
    }
    serde_json::from_slice(line).map_err(|error| LineError::Unknown(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Progress};

    fn line() -> Vec<u8> {
        let record = Record {
            seq: 3,
            mono_us: 12,
            wall_us: 1_700_000_000_000_000,
            event: Event::Progress(Progress::of_tokens(1, 41)),
        };
        let mut line = Vec::new();
        encode(&record, &mut line).unwrap();
        line
    }

    #[test]
    fn a_line_is_plain_json_with_a_check() {
        let line = line();
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["event"]["progress"]["token"], 41);
        assert_eq!(value["crc"].as_str().unwrap().len(), 8);
        assert_eq!(line.last(), Some(&b'\n'));
        assert_eq!(decode(line.strip_suffix(b"\n").unwrap()).unwrap().seq, 3);
    }

    #[test]
    fn every_single_changed_byte_and_every_cut_is_noticed() {
        let whole = line();
        let whole = whole.strip_suffix(b"\n").unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.to_vec();
            changed[at] ^= 0x04;
            assert!(decode(&changed).is_err(), "byte {at}");
            assert!(decode(&whole[..at]).is_err(), "cut at {at}");
        }
    }
}
