//! Any bytes as the page that a worker left behind.
#![no_main]

use crashpoint_reports::page::{WORDS, head, look};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: [u8; WORDS * 8]| {
    let mut bytes = bytes;
    let _ = look(&bytes);
    // The same behind a head that is whole.
    for (to, word) in bytes.chunks_mut(8).zip(head()) {
        to.copy_from_slice(&word.to_ne_bytes());
    }
    let _ = look(&bytes);
});
