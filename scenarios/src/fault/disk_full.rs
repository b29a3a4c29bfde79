//! `ENOSPC`: a file system that is full. It is a small one, which only this process sees.

use std::io::Write;
use std::path::{Path, PathBuf};

use crashpoint_reports::Class;

use super::{Fault, FaultError, mounts};
use crate::crash::FOLDER_VARIABLE;

const STEP: usize = 64 << 10;
/// Many times what the file system holds.
const MOST: usize = 256;

/// The attempt's own, in which nothing else lies that the worker needs.
fn folder() -> Result<PathBuf, FaultError> {
    let told = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
    told.filter(|folder| folder.is_dir()).ok_or_else(|| {
        FaultError::unfit(
            Class::EnvironmentVariable,
            format!("disk-full needs the folder of its attempt, and {FOLDER_VARIABLE} names none: start it by `crashpoint run` or `crashpoint fault`"),
        )
    })
}

pub fn prepare() -> Result<(), FaultError> {
    mounts::small_file_system(Fault::DiskFull, &folder()?)
}

pub fn commit() -> Result<(), FaultError> {
    fill(&folder()?.join("kv-cache.bin"))
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
