//! Room that is kept for the end: given up when the disk is full, so that the ending can still be
//! written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::FallocateFlags;
use nix::fcntl::fallocate;

/// An ending with all that is gathered about it takes a tenth of this.
const BYTES: usize = 1 << 20;

#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// Where there is no room for it there is none to be kept, and the first write will say so.
    pub fn make(folder: &Path) -> Reserve {
        let path = folder.join(".reserve");
        if fill(&path).is_err() {
            let _ = fs::remove_file(&path);
        }
        Reserve { path }
    }

    pub fn give_up(&self) {
        // There may be none: it was given up before, or could not be made.
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.give_up();
    }
}

fn fill(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    allocate(&file).or_else(|_| file.write_all(&vec![0; BYTES]))?;
    file.sync_all()
}

/// Not every filesystem can; then zeros are written.
fn allocate(file: &File) -> io::Result<()> {
    let bytes = i64::try_from(BYTES).unwrap_or(i64::MAX);
    fallocate(file, FallocateFlags::empty(), 0, bytes).map_err(io::Error::from)
}
