//! What a program prints: head and tail in a file, the last lines in the record.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crashpoint_reports::event::Output;

/// Kept of the beginning, and as much again of the end.
const KEEP: usize = 1 << 20;
/// Of the end, for the record itself.
const TAIL: usize = 4 << 10;
const GULP: usize = 256 << 10;

pub struct Capture {
    pipe: Option<PipeReader>,
    file: File,
    echo: Option<Box<dyn Write>>,
    head: usize,
    /// What came after the head, as far as it is kept.
    tail: VecDeque<u8>,
    /// The end of everything, for the record.
    last: VecDeque<u8>,
    bytes: u64,
}

impl Capture {
    pub fn new(pipe: PipeReader, path: &Path, echo: Option<Box<dyn Write>>) -> io::Result<Capture> {
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
            tail: VecDeque::new(),
            last: VecDeque::new(),
            bytes: 0,
        })
    }

    /// `None` after the end of the stream.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    pub fn open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Takes what is there. A disk that takes no more costs the file, not the attempt.
    pub fn drain(&mut self) {
        let mut chunk = [0; 16 << 10];
        let mut gulped = 0;
        while gulped < GULP {
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
        if let Some(echo) = &mut self.echo
            && echo.write_all(bytes).and_then(|()| echo.flush()).is_err()
        {
            // Whoever read it has gone; the program goes on.
            self.echo = None;
        }
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
        Output {
            bytes: self.bytes,
            cut_bytes,
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
    }
}
