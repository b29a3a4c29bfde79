//! Where the driver keeps the kernels that it has compiled, and how much is there: what a warm-up costs
//! depends on it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A cache has some hundred files; nobody waits for more.
const MOST_FILES: usize = 10_000;

/// Of this process, by its environment, as facts for the record.
pub fn facts() -> BTreeMap<String, Value> {
    let is_off = std::env::var("CUDA_CACHE_DISABLE").is_ok_and(|it| it.trim() == "1");
    let folder = folder(std::env::var_os("CUDA_CACHE_PATH"), std::env::home_dir());
    let Some(folder) = folder.filter(|_| !is_off) else {
        return BTreeMap::from([("kernel_cache_folder".to_owned(), Value::Null)]);
    };
    BTreeMap::from([
        (
            "kernel_cache_folder".to_owned(),
            folder.display().to_string().into(),
        ),
        ("kernel_cache_bytes".to_owned(), bytes(&folder).into()),
    ])
}

/// As the driver chooses it.
fn folder(named: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    match named.filter(|it| !it.is_empty()) {
        Some(folder) => Some(folder.into()),
        None => home.map(|home| home.join(".nv/ComputeCache")),
    }
}

/// Of all files in it; one that is not there has none.
fn bytes(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    let mut left = MOST_FILES;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Some(fewer) = left.checked_sub(1) else {
                return bytes;
            };
            left = fewer;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    bytes += entry.metadata().map_or(0, |about| about.len());
                }
                _ => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_driver_s_and_its_files_are_counted() {
        let home = tempfile::tempdir().unwrap();
        let cache = folder(None, Some(home.path().to_owned())).unwrap();
        assert_eq!(cache, home.path().join(".nv/ComputeCache"));
        assert_eq!(bytes(&cache), 0);
        fs::create_dir_all(cache.join("a/b")).unwrap();
        fs::write(cache.join("index"), [0; 10]).unwrap();
        fs::write(cache.join("a/b/kernel"), [0; 300]).unwrap();
        assert_eq!(bytes(&cache), 310);
        let named = folder(Some("/elsewhere".into()), None);
        assert_eq!(named, Some("/elsewhere".into()));
        assert_eq!(folder(Some("".into()), None), None);
    }
}
