//! What tells one checkpoint on the disk from another, without reading all of its weights.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The small files whole; of a file of weights its table of tensors, as a rule.
const BEGINNING: u64 = 1 << 20;

/// SHA-256 over name, size and beginning of every file in the folder, in hexadecimal.
pub fn fingerprint(folder: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name());
    }
    names.sort();
    let mut hasher = Sha256::new();
    for name in names {
        add(&mut hasher, &folder.join(&name), &name)?;
    }
    Ok(format!("{:x}", hasher.finalize()))
}

/// The same over a single file.
pub fn fingerprint_of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    add(&mut hasher, path, path.file_name().unwrap_or_default())?;
    Ok(format!("{:x}", hasher.finalize()))
}

fn add(hasher: &mut Sha256, path: &Path, name: &OsStr) -> io::Result<()> {
    // In a cache of the hub they are links.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(());
    }
    hasher.update(name.as_encoded_bytes());
    hasher.update([0]);
    hasher.update(metadata.len().to_le_bytes());
    io::copy(&mut File::open(path)?.take(BEGINNING), hasher)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_another_name_and_another_size_are_another_checkpoint() {
        let of = |files: &[(&str, &[u8])]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, contents) in files {
                fs::write(folder.path().join(name), contents).unwrap();
            }
            fingerprint(folder.path()).unwrap()
        };
        let long = vec![0; BEGINNING as usize + 1];
        let longer = vec![0; BEGINNING as usize + 2];
        let all = [
            of(&[("a", b"1"), ("b", b"2")]),
            of(&[("a", b"1"), ("b", b"3")]),
            of(&[("a", b"1"), ("c", b"2")]),
            of(&[("a", b"1")]),
            of(&[("a", &long)]),
            of(&[("a", &longer)]),
        ];
        let distinct: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[0], of(&[("b", b"2"), ("a", b"1")]));
    }
}
