//! The news pages that ship with crashpoint, for a run without images of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cache;

macro_rules! page {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../images/", $name)))
    };
}

const PAGES: [(&str, &[u8]); 8] = [
    page!("news-01.png"),
    page!("news-02.png"),
    page!("news-03.png"),
    page!("news-04.png"),
    page!("news-05.png"),
    page!("news-06.png"),
    page!("news-07.png"),
    page!("news-08.png"),
];

/// The pages as ordinary files in the cache, like a user's own, in their order; written on
/// first use.
pub fn shipped() -> io::Result<Vec<PathBuf>> {
    let mut hasher = Sha256::new();
    for (name, bytes) in PAGES {
        hasher.update(name);
        hasher.update(bytes);
    }
    let digest = format!("{:x}", hasher.finalize());
    let folder = cache::folder_once(&format!("news-pages-{}", &digest[..16]), |folder| {
        PAGES
            .iter()
            .try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
    })?;
    PAGES
        .iter()
        .map(|(name, bytes)| whole(folder.join(name), bytes))
        .collect()
}

/// Writes a page again that is not what it should be: a power cut soon after the first use
/// leaves empty files, and power cuts are this tool's daily bread.
fn whole(path: PathBuf, bytes: &[u8]) -> io::Result<PathBuf> {
    if fs::read(&path).is_ok_and(|found| found == bytes) {
        return Ok(path);
    }
    let partial: &Path = &path.with_extension(format!("{}.partial", std::process::id()));
    fs::write(partial, bytes)?;
    fs::rename(partial, &path)?;
    Ok(path)
}
