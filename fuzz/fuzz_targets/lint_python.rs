//! Any bytes as a program: parsed, read, held against every rule.
#![no_main]

use crashpoint_lint::{Machine, lint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let machine = Machine {
        gpu_memory: Some(24 << 30),
    };
    // To Python a carriage return ends a line as well.
    let lines = text.split(['\n', '\r']).count() + 1;
    for finding in lint("fuzzed.py", &text, &machine).unwrap_or_default() {
        assert!(finding.line >= 1 && finding.line <= finding.end_line, "{finding:?}");
        assert!(finding.end_line as usize <= lines, "{finding:?}");
    }
});
