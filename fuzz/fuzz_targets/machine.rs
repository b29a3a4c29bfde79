//! Any bytes as a text of the kernel: its log, `/proc`, control groups.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((&choice, text)) = bytes.split_first() {
        crashpoint_probes::fuzz::parse(choice, text);
    }
});
