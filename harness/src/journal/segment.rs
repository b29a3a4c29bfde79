//! One file of a journal. It is written to its end once, and never changed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::run_directory::sync_directory;

/// The first segment carries the run's lock too.
pub const FIRST: &str = "journal-0001.jsonl";

#[derive(Debug)]
pub struct Segment {
    file: File,
    pub number: u32,
    pub path: PathBuf,
    bytes: u64,
}

impl Segment {
    /// An empty one that is there after a power cut too.
    pub fn create(folder: &Path, number: u32) -> io::Result<Segment> {
        let path = folder.join(name(number));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let made = file.sync_all().and_then(|()| sync_directory(folder));
        if let Err(error) = made {
            // Nothing is in it, and its name is wanted for the next try.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Segment {
            file,
            number,
            path,
            bytes: 0,
        })
    }

    /// One in which nothing was ever acknowledged: its name is wanted for the next try.
    pub fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn name(&self) -> String {
        name(self.number)
    }

    /// Returns when the bytes are on the disk. After an error nothing may be written here any more:
    /// the kernel forgets what it failed to write, and a later success would prove nothing.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.bytes)?;
        self.file.sync_data()?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

pub fn name(number: u32) -> String {
    format!("journal-{number:04}.jsonl")
}
