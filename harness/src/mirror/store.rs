//! What was received: run directories like those on the machine that sent them.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::journal::Message;

/// Segments that are open at a time.
const MOST_OPEN: usize = 64;
/// Of a run's name, which becomes a folder's.
const MOST_NAME_BYTES: usize = 64;

#[derive(Debug)]
pub struct Store {
    out: PathBuf,
    /// No segment grows beyond this: whoever can reach the port could fill the disk.
    most_bytes: u64,
    open: Mutex<HashMap<(String, u32), File>>,
}

impl Store {
    pub fn open(out: &Path, most_bytes: u64) -> io::Result<Store> {
        DirBuilder::new().recursive(true).mode(0o700).create(out)?;
        Ok(Store {
            out: out.to_owned(),
            most_bytes,
            open: Mutex::default(),
        })
    }

    /// Puts the bytes where they belong; what does not look like a record of a run is left out.
    pub fn take(&self, message: Message) -> io::Result<()> {
        let end = message.offset.checked_add(message.bytes.len() as u64);
        let fits = end.is_some_and(|end| end <= self.most_bytes);
        if !is_name(&message.run) || !fits {
            return Ok(());
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (message.run, message.segment);
        if !open.contains_key(&key) {
            if open.len() >= MOST_OPEN {
                open.clear();
            }
            let file = self.file(&key.0, key.1)?;
            open.insert(key.clone(), file);
        }
        match open.get(&key) {
            Some(file) => file.write_all_at(&message.bytes, message.offset),
            None => Ok(()),
        }
    }

    fn file(&self, run: &str, segment: u32) -> io::Result<File> {
        let folder = self.out.join(run);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(format!("journal-{segment:04}.jsonl")))
    }

    /// Makes durable what has come.
    pub fn sync(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for ((run, segment), file) in open.iter() {
            if let Err(error) = file.sync_data() {
                eprintln!("crashpoint: failed to write segment {segment} of {run}: {error}");
            }
        }
    }
}

fn is_name(run: &str) -> bool {
    (1..=MOST_NAME_BYTES).contains(&run.len())
        && run
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(run: &str, offset: u64, bytes: &[u8]) -> Message {
        Message {
            run: run.to_owned(),
            segment: 1,
            offset,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn parts_land_where_they_belong_in_any_order() {
        let out = tempfile::tempdir().unwrap();
        let store = Store::open(out.path(), 100).unwrap();
        store.take(message("a-run", 3, b"def")).unwrap();
        store.take(message("a-run", 0, b"abc")).unwrap();
        let kept = std::fs::read(out.path().join("a-run/journal-0001.jsonl")).unwrap();
        assert_eq!(kept, b"abcdef");
    }

    #[test]
    fn nothing_is_written_elsewhere_or_beyond_the_bound() {
        let out = tempfile::tempdir().unwrap();
        let store = Store::open(&out.path().join("in"), 100).unwrap();
        for run in ["..", "../x", "", "a/b", &"x".repeat(65)] {
            store.take(message(run, 0, b"abc")).unwrap();
        }
        store.take(message("b", 98, b"abc")).unwrap();
        store.take(message("c", u64::MAX, b"abc")).unwrap();
        let made = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        assert_eq!((made(out.path()), made(&out.path().join("in"))), (1, 0));
    }
}
