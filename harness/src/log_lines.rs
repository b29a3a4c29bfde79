//! Reads a log of any size line by line, in bounded memory: any bytes, lines of any length, gzip or not.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

const BUFFER: usize = 256 << 10;
/// A longer line is handed on in pieces of this size, in bytes.
const LONGEST: usize = 1 << 20;
/// What the pieces have in common, so that no message is cut in two.
const OVERLAP: usize = 8 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much there was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub lines: u64,
    /// After decompression.
    pub bytes: u64,
}

/// Calls with each line's number, from 1, and its text. Where reading fails, what came before has
/// been handed on, and the amount says how much that was.
pub fn each(input: impl Read, mut line: impl FnMut(u64, &str)) -> (Amount, io::Result<()>) {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let compressed = match input.fill_buf() {
        Ok(start) => start.starts_with(&GZIP),
        Err(error) => return (Amount::default(), Err(error)),
    };
    let mut amount = Amount::default();
    let done = if compressed {
        let decoder = MultiGzDecoder::new(input);
        lines(
            BufReader::with_capacity(BUFFER, decoder),
            &mut amount,
            &mut line,
        )
    } else {
        lines(input, &mut amount, &mut line)
    };
    (amount, done)
}

fn lines(
    mut input: impl BufRead,
    amount: &mut Amount,
    line: &mut impl FnMut(u64, &str),
) -> io::Result<()> {
    let mut held: Vec<u8> = Vec::new();
    // Whether `held` begins with what the piece before it ended with, and nothing new yet.
    let mut repeated = 0;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                if held.len() > repeated {
                    amount.lines += 1;
                    line(amount.lines, &String::from_utf8_lossy(&held));
                }
                return Err(error);
            }
        };
        if chunk.is_empty() {
            if held.len() > repeated {
                amount.lines += 1;
                line(amount.lines, &String::from_utf8_lossy(&held));
            }
            return Ok(());
        }
        let room = LONGEST.saturating_sub(held.len()).max(1);
        let reach = chunk.get(..room).unwrap_or(chunk);
        let end = reach.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(reach.len(), |end| end + 1);
        let part = chunk.get(..end.unwrap_or(taken)).unwrap_or_default();
        if end.is_some() && held.is_empty() {
            amount.lines += 1;
            line(amount.lines, &String::from_utf8_lossy(part));
        } else {
            held.extend_from_slice(part);
            if end.is_some() {
                amount.lines += 1;
                line(amount.lines, &String::from_utf8_lossy(&held));
                held.clear();
                repeated = 0;
            } else if held.len() >= LONGEST {
                line(amount.lines + 1, &String::from_utf8_lossy(&held));
                held.drain(..held.len() - OVERLAP);
                repeated = held.len();
            }
        }
        amount.bytes += taken as u64;
        input.consume(taken);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        let (amount, done) = each(bytes, |number, text| found.push((number, text.to_owned())));
        done.unwrap();
        assert_eq!(amount.lines, found.last().map_or(0, |(number, _)| *number));
        found
    }

    #[test]
    fn lines_are_numbered_and_the_last_needs_no_end() {
        let expected = [
            (1, "one".to_owned()),
            (2, String::new()),
            (3, "three".to_owned()),
        ];
        assert_eq!(all(b"one\n\nthree"), expected);
        assert_eq!(all(b"one\n\nthree\n"), expected);
        assert!(all(b"").is_empty());
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        assert_eq!(all(b"a\xff\xfeb\0c\n")[0].1, "a\u{fffd}\u{fffd}b\0c");
    }

    #[test]
    fn a_line_of_megabytes_comes_in_pieces_that_overlap() {
        let mut long = vec![b'x'; LONGEST - 5];
        long.extend_from_slice(b"CUDA out of memory");
        long.extend(vec![b'y'; 3 * LONGEST]);
        long.extend_from_slice(b"\nnext\n");
        let found = all(&long);
        assert!(found.len() >= 4);
        assert!(found.iter().all(|(_, text)| text.len() <= LONGEST));
        assert!(
            found
                .iter()
                .any(|(number, text)| *number == 1 && text.contains("CUDA out of memory"))
        );
        assert_eq!(found.last(), Some(&(2, "next".to_owned())));
    }

    #[test]
    fn gzip_is_told_by_its_first_bytes_and_may_be_cut_off() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for n in 0..100_000 {
            writeln!(encoder, "line {n} {}", n * 7919 % 104_729).unwrap();
        }
        let packed = encoder.finish().unwrap();
        assert_eq!(all(&packed).len(), 100_000);
        let mut count = 0;
        let (amount, done) = each(&packed[..packed.len() / 2], |_, _| count += 1);
        assert!(done.is_err());
        assert!(count > 1000 && amount.lines == count);
    }
}
