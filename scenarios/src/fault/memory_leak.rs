//! Memory that is kept with every image, up to a bound.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{After, FaultError};

const STEP: usize = 8 << 20;
/// A leak must not become the machine's trouble.
const MOST: usize = 1 << 30;

static KEPT: AtomicUsize = AtomicUsize::new(0);

pub fn commit() -> Result<After, FaultError> {
    if KEPT.fetch_add(STEP, Ordering::Relaxed) < MOST {
        // Not zeros: those would not be memory before they are written.
        std::mem::forget(black_box(vec![1_u8; STEP]));
    }
    Ok(After::GoOn)
}
