//! A recursion without end, in the main thread or in another one.

use std::hint::black_box;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::FaultError;

/// What a library gives its own threads, if it is thrifty.
const SMALL: usize = 256 << 10;
/// A main stack without a limit would take all memory before it overflows.
const BOUND: u64 = 64 << 20;

pub fn in_main_thread() -> Result<(), FaultError> {
    let limited = getrlimit(Resource::RLIMIT_STACK).and_then(|(soft, hard)| {
        if soft > BOUND {
            setrlimit(Resource::RLIMIT_STACK, BOUND, hard)
        } else {
            Ok(())
        }
    });
    limited.map_err(|error| FaultError::Failed(format!("failed to bound the stack: {error}")))?;
    black_box(recurse(0));
    Ok(())
}

pub fn in_another_thread() -> Result<(), FaultError> {
    let thread = std::thread::Builder::new()
        .name("parser".to_owned())
        .stack_size(SMALL)
        .spawn(|| black_box(recurse(0)))
        .map_err(|error| FaultError::Failed(format!("failed to start a thread: {error}")))?;
    let _ = thread.join();
    Ok(())
}

/// Something is left to do after the call, so that it cannot be made a loop.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 32]);
    let deeper = if black_box(true) {
        recurse(depth + 1)
    } else {
        0
    };
    deeper.wrapping_add(room.iter().sum())
}
