//! `ENOSPC`: a file system that is full. It is a small one, which only this process sees.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Fault, FaultError, mounts};

const STEP: usize = 64 << 10;
/// Many times what the file system holds.
const MOST: usize = 256;

/// The worker's own folder where it was told one.
fn folder() -> PathBuf {
    std::env::var_os("CRASHPOINT_FOLDER")
        .map(PathBuf::from)
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(std::env::temp_dir)
}

pub fn prepare() -> Result<(), FaultError> {
    mounts::small_file_system(Fault::DiskFull, &folder())
}

pub fn commit() -> Result<(), FaultError> {
    fill(&folder().join("kv-cache.bin"))
}

/// Writes until it fails, as a program that spills what does not fit into memory.
pub fn fill(path: &Path) -> Result<(), FaultError> {
    let failed = |error: std::io::Error| {
        FaultError::Failed(format!("failed to write {}: {error}", path.display()))
    };
    let mut file = std::fs::File::create(path).map_err(failed)?;
    for _ in 0..MOST {
        file.write_all(&[1; STEP]).map_err(failed)?;
    }
    Ok(())
}
