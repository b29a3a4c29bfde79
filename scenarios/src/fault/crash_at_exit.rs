//! A crash on the way out: a handler of `atexit` that uses what is gone already, as destructors of
//! GPU libraries do.
#![allow(unsafe_code)]

use std::sync::Once;

use nix::libc;

use super::{After, FaultError, segfault};

static REGISTERED: Once = Once::new();

pub fn commit() -> Result<After, FaultError> {
    extern "C" fn at_exit() {
        segfault::commit();
    }
    let mut refused = false;
    // SAFETY: the handler takes nothing and lives as long as the program.
    REGISTERED.call_once(|| refused = unsafe { libc::atexit(at_exit) } != 0);
    if refused {
        return Err(FaultError::Failed(
            "failed to register a handler for the exit".to_owned(),
        ));
    }
    Ok(After::GoOn)
}
