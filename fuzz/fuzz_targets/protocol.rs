//! Any bytes as what a worker writes to its socket: split into lines, taken as messages; each that is
//! heard becomes a record that can be read again.
#![no_main]

use crashpoint_reports::journal::{decode, encode};
use crashpoint_reports::protocol::FromWorker;
use crashpoint_reports::{Event, Record};
use libfuzzer_sys::fuzz_target;

// The harness itself needs a minute to build with sanitizers, for this one file.
#[allow(dead_code)]
#[path = "../../harness/src/supervise/lines.rs"]
mod lines;

const BOUND: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let mut longest = 0;
    let mut heard = Vec::new();
    let look = lines::Lines::new(bytes, BOUND).read(|line| {
        longest = longest.max(line.len());
        if let Ok(message) = FromWorker::parse(line) {
            heard.push(message);
        }
    });
    assert!(look.is_ok() && longest <= BOUND);
    for (seq, message) in (0..).zip(heard) {
        let record = Record {
            seq,
            mono_us: 1,
            wall_us: 1,
            event: Event::said(1, message),
        };
        let mut line = Vec::new();
        assert!(encode(&record, &mut line).is_ok());
        let read = decode(line.strip_suffix(b"\n").unwrap_or_default());
        assert!(read.is_ok(), "{read:?}");
    }
});
