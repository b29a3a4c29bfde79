//! The directory of one run: where it is, what it is called, who may read it.

use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A few runs may begin within one second; they differ in four digits.
const TRIES: u32 = 16;

#[derive(Debug)]
pub struct RunDirectory {
    pub path: PathBuf,
    pub id: String,
}

impl RunDirectory {
    /// Makes a new one in `out`, durably, and lets `latest` point to it.
    pub fn create(out: &Path) -> io::Result<RunDirectory> {
        let mut tries = 0;
        loop {
            match RunDirectory::create_as(out, &new_name()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                    tries += 1;
                }
                created => return created,
            }
        }
    }

    /// The same under a name that was chosen before.
    pub fn create_as(out: &Path, name: &str) -> io::Result<RunDirectory> {
        DirBuilder::new().recursive(true).mode(0o700).create(out)?;
        let directory = RunDirectory {
            path: out.join(name),
            id: name.to_owned(),
        };
        DirBuilder::new().mode(0o700).create(&directory.path)?;
        DirBuilder::new()
            .mode(0o700)
            .create(directory.path.join("attempts"))?;
        sync_directory(&directory.path)?;
        sync_directory(out)?;
        point_latest(out, &directory.id)?;
        Ok(directory)
    }

    /// Makes the folder for what one attempt prints.
    pub fn attempt(&self, number: u32) -> io::Result<PathBuf> {
        let folder = self.path.join(format!("attempts/{number:02}"));
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(folder)
    }
}

/// When it is, and four digits.
pub fn new_name() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    let started = now.to_string().replace(':', "-");
    // Every state of a hasher has keys of its own.
    format!("{started}-{:04x}", RandomState::new().hash_one(()) & 0xffff)
}

/// Replaced by rename, so that it always points to some run.
fn point_latest(out: &Path, id: &str) -> io::Result<()> {
    let made = out.join(format!("latest.{id}"));
    symlink(id, &made)?;
    fs::rename(&made, out.join("latest"))
}

/// Writes a file that is whole or not there, and stays so over a power cut.
pub fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_whole_for(path, contents, 0o600)
}

/// The same for others to read, by its mode.
pub fn write_whole_for(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = parent.join(format!(".{name}.partial"));
    let written = write_durably(&partial, contents, mode).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error is the one to tell; a part that cannot be removed is only litter.
        let _ = fs::remove_file(&partial);
    }
    written?;
    sync_directory(parent)
}

fn write_durably(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_points_to_the_newest_run() {
        let out = tempfile::tempdir().unwrap();
        let first = RunDirectory::create(out.path()).unwrap();
        let second = RunDirectory::create(out.path()).unwrap();
        assert_ne!(first.id, second.id);
        let latest = fs::read_link(out.path().join("latest")).unwrap();
        assert_eq!(latest.to_str().unwrap(), second.id);
    }
}
