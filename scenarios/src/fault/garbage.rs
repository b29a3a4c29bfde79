//! What is no message, to the supervisor: as from a library that writes to the wrong descriptor.

use std::io::Write;

use super::{After, FaultError};

pub fn commit(supervisor: &mut dyn Write) -> Result<After, FaultError> {
    let junk: Vec<u8> = (0..=255).collect();
    // A supervisor that has stopped listening is what the next message finds.
    let _ = supervisor
        .write_all(&junk)
        .and_then(|()| supervisor.write_all(b"[info] loaded 32 layers\n"));
    Ok(After::GoOn)
}
