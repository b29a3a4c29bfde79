//! What a program prints: head and tail in a file, the first and the last lines in the record.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crashpoint_reports::event::Output;

use super::echo::Echo;

/// Kept of the beginning, and as much again of the end.
const KEEP: usize = 1 << 20;
/// Of the beginning, for the record itself: what went wrong first.
const HEAD: usize = 4 << 10;
/// Of the end, for the record itself.
const TAIL: usize = 16 << 10;
const GULP: usize = 256 << 10;

pub struct Capture {
    pipe: Option<PipeReader>,
    file: File,
    echo: Option<Echo>,
    head: usize,
    /// The beginning of everything, for the record.
    first: Vec<u8>,
    /// What came after the head, as far as it is kept.
    tail: VecDeque<u8>,
    /// The end of everything, for the record.
    last: VecDeque<u8>,
    bytes: u64,
    last_words: bool,
}

impl Capture {
    pub fn new(pipe: PipeReader, path: &Path, echo: Option<Echo>) -> io::Result<Capture> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Capture {
            pipe: Some(pipe),
            file,
            echo,
            head: 0,
            first: Vec::new(),
            tail: VecDeque::new(),
            last: VecDeque::new(),
            bytes: 0,
            last_words: false,
        })
    }

    /// `None` after the end of the stream, and while nobody takes what it brought.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe
            .as_ref()
            .filter(|_| !self.is_clogged())
            .map(AsFd::as_fd)
    }

    /// Whoever reads what is handed on is slower than the program.
    pub fn is_clogged(&self) -> bool {
        !self.last_words && self.echo.as_ref().is_some_and(Echo::is_clogged)
    }

    /// The program is gone: what is left in the pipe is taken, whether or not anybody reads it.
    pub fn last_words(&mut self) {
        self.last_words = true;
    }

    pub fn open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Takes what is there. A disk that takes no more costs the file, not the attempt.
    pub fn drain(&mut self) {
        let mut chunk = [0; 16 << 10];
        let mut gulped = 0;
        while gulped < GULP && !self.is_clogged() {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(read) => {
                    gulped += read;
                    self.take(chunk.get(..read).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(echo) = &mut self.echo {
            echo.give(bytes);
        }
        let first = bytes.len().min(HEAD - self.first.len());
        self.first
            .extend_from_slice(bytes.get(..first).unwrap_or_default());
        let (head, rest) = bytes.split_at(bytes.len().min(KEEP - self.head));
        self.head += head.len();
        let _ = self.file.write_all(head);
        keep_last(&mut self.tail, rest, KEEP);
        keep_last(&mut self.last, bytes, TAIL);
    }

    /// Ends the file and says what came.
    pub fn finish(mut self) -> Output {
        let kept = (self.head + self.tail.len()) as u64;
        let cut_bytes = self.bytes.saturating_sub(kept);
        if cut_bytes > 0 {
            let _ = write!(
                self.file,
                "\n[crashpoint left out {cut_bytes} bytes here]\n"
            );
        }
        let _ = self.file.write_all(self.tail.make_contiguous());
        if let Some(echo) = self.echo.take() {
            echo.finish();
        }
        // What the tail reaches back to is not told twice.
        let before_tail = self.bytes.saturating_sub(self.last.len() as u64);
        self.first
            .truncate(usize::try_from(before_tail).unwrap_or(usize::MAX));
        Output {
            bytes: self.bytes,
            cut_bytes,
            head: String::from_utf8_lossy(&self.first).into_owned(),
            tail: String::from_utf8_lossy(self.last.make_contiguous()).into_owned(),
            held_open: self.pipe.is_some(),
        }
    }
}

fn keep_last(kept: &mut VecDeque<u8>, bytes: &[u8], bound: usize) {
    let bytes = bytes
        .get(bytes.len().saturating_sub(bound)..)
        .unwrap_or_default();
    let over = (kept.len() + bytes.len()).saturating_sub(bound);
    kept.drain(..over);
    kept.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_too_much_output_is_cut_and_the_ends_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout.log");
        let (reader, mut writer) = io::pipe().unwrap();
        let mut capture = Capture::new(reader, &path, None).unwrap();
        let line = [b'x'; 999];
        let lines = 4 * KEEP / 1000;
        for n in 0..lines {
            writeln!(writer, "{n:09}").unwrap();
            writer.write_all(&line[..990]).unwrap();
            capture.drain();
        }
        drop(writer);
        capture.drain();
        assert!(!capture.open());
        let output = capture.finish();
        assert_eq!(output.bytes, (lines * 1000) as u64);
        assert_eq!(output.cut_bytes, output.bytes - 2 * KEEP as u64);
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with("000000000\n"));
        assert!(kept.contains(&format!("{:09}\n", lines - 1)));
        assert!(kept.contains("left out"));
        assert!(output.tail.len() <= TAIL);
        assert!(output.head.starts_with("000000000\n"));
        assert_eq!(output.head.len(), HEAD);
    }

    #[test]
    fn nothing_is_recorded_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        let mut capture = Capture::new(reader, &folder.path().join("log"), None).unwrap();
        writer.write_all(&[b'x'; TAIL + 3]).unwrap();
        drop(writer);
        capture.drain();
        let output = capture.finish();
        assert_eq!((output.head.len(), output.tail.len()), (3, TAIL));
    }
}
