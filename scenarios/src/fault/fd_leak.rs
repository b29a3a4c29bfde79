//! Files that are opened and never closed, until the process may not open another one.

use std::fs::File;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::FaultError;

/// Lowered first: a service may well be allowed a million.
const LIMIT: u64 = 256;
const PATH: &str = "/dev/null";

pub fn commit() -> Result<(), FaultError> {
    let failed = |error| FaultError::Failed(format!("failed to limit open files: {error}"));
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    setrlimit(Resource::RLIMIT_NOFILE, soft.min(LIMIT), hard).map_err(failed)?;
    let mut kept = Vec::new();
    for _ in 0..=LIMIT {
        match File::open(PATH) {
            Ok(file) => kept.push(file),
            Err(error) => {
                // As in a program that is about to leave: what is open stays open until then.
                std::mem::forget(kept);
                return Err(FaultError::Failed(format!(
                    "failed to open {PATH}: {error}"
                )));
            }
        }
    }
    Ok(())
}
