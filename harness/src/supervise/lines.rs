//! Lines from a socket that never blocks, bounded in length.

use std::io::{self, Read};

/// What one look at the socket brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Whole lines, or nothing yet.
    Open,
    Closed,
    /// A line outgrew the bound: what is left of it is not worth reading.
    TooLong,
}

#[derive(Debug)]
pub struct Lines<R> {
    source: R,
    bound: usize,
    pending: Vec<u8>,
}

/// Read in one go at the most, so that one talkative process cannot keep the loop to itself.
const GULP: usize = 256 << 10;

impl<R: Read> Lines<R> {
    /// `source` must be non-blocking.
    pub fn new(source: R, bound: usize) -> Lines<R> {
        Lines {
            source,
            bound,
            pending: Vec::new(),
        }
    }

    pub fn source(&self) -> &R {
        &self.source
    }

    /// Reads what is there, and hands on every whole line without its newline.
    pub fn read(&mut self, mut line: impl FnMut(&[u8])) -> io::Result<Look> {
        let mut gulped = 0;
        let mut chunk = [0; 16 << 10];
        while gulped < GULP {
            let read = match self.source.read(&mut chunk) {
                Ok(0) => return Ok(Look::Closed),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            gulped += read;
            let mut rest = chunk.get(..read).unwrap_or_default();
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let (head, tail) = rest.split_at(end);
                self.pending.extend_from_slice(head);
                if self.pending.len() > self.bound {
                    return Ok(Look::TooLong);
                }
                line(&self.pending);
                self.pending.clear();
                rest = tail.get(1..).unwrap_or_default();
            }
            self.pending.extend_from_slice(rest);
            if self.pending.len() > self.bound {
                return Ok(Look::TooLong);
            }
        }
        Ok(Look::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], bound: usize) -> (Vec<String>, Look) {
        let mut seen = Vec::new();
        let look = Lines::new(bytes, bound)
            .read(|line| seen.push(String::from_utf8_lossy(line).into_owned()))
            .unwrap();
        (seen, look)
    }

    #[test]
    fn whole_lines_come_and_half_a_line_does_not() {
        assert_eq!(
            read(b"one\ntwo\nthr", 10),
            (vec!["one".into(), "two".into()], Look::Closed)
        );
    }

    #[test]
    fn a_line_over_the_bound_is_not_collected() {
        let (seen, look) = read(&[b'x'; 100_000], 1000);
        assert_eq!((seen.len(), look), (0, Look::TooLong));
        assert_eq!(read(b"12345\n", 4).1, Look::TooLong);
    }
}
