//! A process that waits in one system call and never comes back by itself.

use std::io::{self, Read};

use super::FaultError;

/// As for a child that will never answer: somebody holds the other end, and says nothing.
pub fn commit() -> Result<(), FaultError> {
    let failed = |error: io::Error| FaultError::Failed(format!("failed to wait: {error}"));
    let (mut reader, writer) = io::pipe().map_err(failed)?;
    let mut answer = [0; 1];
    reader.read_exact(&mut answer).map_err(failed)?;
    drop(writer);
    Ok(())
}
