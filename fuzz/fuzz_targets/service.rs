//! Any text as a file that starts a service, of each kind.
#![no_main]

use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 7] = [
    "a.service",
    "a.service.d/b.conf",
    "Dockerfile",
    "compose.yaml",
    "pod.yaml",
    ".env",
    "start.sh",
];

fuzz_target!(|bytes: &[u8]| {
    if let Some((&choice, text)) = bytes.split_first()
        && let Ok(text) = std::str::from_utf8(text)
    {
        let name = NAMES[usize::from(choice) % NAMES.len()];
        for finding in crashpoint_lint::service::lint(name, text) {
            assert!(finding.line >= 1 && finding.end_line >= finding.line);
        }
    }
});
