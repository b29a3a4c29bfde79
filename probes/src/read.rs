//! Small files of the kernel, read again and again through a handle that stays open.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Room for every file that is read this way on an ordinary machine.
const FIRST_GUESS: usize = 4096;

#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    buffer: Vec<u8>,
}

impl Reader {
    pub(crate) fn open(path: impl AsRef<Path>) -> Option<Reader> {
        File::open(path).ok().map(Reader::from)
    }

    /// The whole file as it is now; `None` once it can no longer be read.
    pub(crate) fn bytes(&mut self) -> Option<&[u8]> {
        let mut filled = 0;
        loop {
            let read = self
                .file
                .read_at(&mut self.buffer[filled..], filled as u64)
                .ok()?;
            filled += read;
            // The kernel makes these files in one piece: a read that leaves room has seen the end.
            if filled < self.buffer.len() {
                return Some(&self.buffer[..filled]);
            }
            self.buffer.resize(2 * filled, 0);
        }
    }

    pub(crate) fn text(&mut self) -> Option<&str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

impl From<File> for Reader {
    fn from(file: File) -> Reader {
        Reader {
            file,
            buffer: vec![0; FIRST_GUESS],
        }
    }
}

impl From<OwnedFd> for Reader {
    fn from(handle: OwnedFd) -> Reader {
        Reader::from(File::from(handle))
    }
}

/// The value of a line such as `MemTotal:  16384 kB`, in bytes.
pub(crate) fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_longer_than_the_first_guess_is_read_whole_and_anew() {
        let path = std::env::temp_dir().join(format!("crashpoint-read-{}", std::process::id()));
        std::fs::write(&path, "x".repeat(3 * FIRST_GUESS)).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(reader.text().unwrap().len(), 3 * FIRST_GUESS);
        std::fs::write(&path, "short").unwrap();
        assert_eq!(reader.text(), Some("short"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn only_a_whole_name_with_a_number_in_kilobytes_is_a_value() {
        let text =
            "MemTotal:       16 kB\nMemFree:  x kB\nSwapTotal: 3\nHuge: 18446744073709551615 kB\n";
        assert_eq!(kilobytes(text, "MemTotal"), Some(16 * 1024));
        for name in ["MemFree", "Mem", "SwapTotal", "Huge", "Nothing"] {
            assert_eq!(kilobytes(text, name), None, "{name}");
        }
    }
}
