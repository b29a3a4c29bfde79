//! The parsers of the machine's own texts, opened to the fuzzer alone.

use crate::cgroup::fuzz as cgroup;
use crate::kernel_log::fuzz as kernel_log;
use crate::pressure::Pressure;
use crate::worker::Stat;

/// Any bytes as any of the texts that the kernel gives. `choice` says which.
pub fn parse(choice: u8, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match choice % 4 {
        0 => kernel_log(bytes),
        1 => {
            let _ = Stat::parse(bytes);
        }
        2 => {
            let _ = Pressure::parse(&text);
        }
        _ => cgroup(&text),
    }
}
