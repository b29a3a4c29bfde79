//! Files that are whole or not there, and for their owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crashpoint_reports::gathered::Crash;

use crate::crash::{CRASH_FILE, partial};

pub fn crash(folder: &Path, crash: &Crash) -> io::Result<()> {
    whole(folder, CRASH_FILE, &serde_json::to_vec(crash)?)
}

/// Not flushed: a machine that goes down now has more to tell than a crash.
pub fn whole(folder: &Path, name: &str, contents: &[u8]) -> io::Result<()> {
    let path = folder.join(partial(name));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(contents))
        .and_then(|()| fs::rename(&path, folder.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&path);
    }
    written
}
