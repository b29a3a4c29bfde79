//! Any bytes as the segments of a journal: read, folded, and made into every kind of report.
//!
//! The first byte says into how many segments they are cut, and whether each line gets the check
//! that belongs to it: no fuzzer guesses one.
#![no_main]

use crashpoint_reports::fold::Fold;
use crashpoint_reports::journal::{Reader, bounds, previous};
use crashpoint_reports::render;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, text)) = bytes.split_first() else {
        return;
    };
    let text = if how & 4 == 0 {
        text.to_vec()
    } else {
        checked(text)
    };
    let mut reader = Reader::new();
    let mut fold = Fold::new();
    let size = text.len().div_ceil(1 + usize::from(how & 3)).max(1);
    let segments: Vec<&[u8]> = text.chunks(size).collect();
    let follows: Vec<_> = segments
        .iter()
        .map(|it| previous(it.split_inclusive(|&byte| byte == b'\n').next()?))
        .collect();
    for ((number, segment), until) in (1..).zip(segments).zip(bounds(&follows)) {
        let name = format!("journal-{number:04}.jsonl");
        let read = reader.segment(&name, until, segment, |record| fold.push(record));
        assert!(read.is_ok(), "memory is read without an error");
    }
    let state = reader.finish();
    assert!(state.damage.len() <= 100);
    assert_eq!(state.bytes, text.len() as u64);
    let report = fold.finish(state);
    assert!(render::json(&report).starts_with('{'));
    assert!(!render::markdown(&report).is_empty());
    assert!(!render::terminal(&report, false).is_empty());
});

fn checked(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in text.split(|&byte| byte == b'\n') {
        let body = line.strip_suffix(b"}").unwrap_or(line);
        let check = crc32c::crc32c(body);
        lines.extend_from_slice(body);
        lines.extend_from_slice(format!(",\"crc\":\"{check:08x}\"}}\n").as_bytes());
    }
    lines
}
