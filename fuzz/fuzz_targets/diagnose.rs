//! Any bytes as a log: told apart by shape, read into sightings, judged.
#![no_main]

use crashpoint_reports::diagnose::shape::Splitter;
use crashpoint_reports::diagnose::{Bundle, Scan, verdict};
use crashpoint_reports::{Class, Confidence};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|log: &[u8]| {
    let log = String::from_utf8_lossy(log);
    let mut scan = Scan::new();
    let mut splitter = Splitter::new();
    for (number, line) in (1..).zip(log.split('\n')) {
        splitter.line(line, |shaped| {
            scan.line(shaped.source, number, &shaped.text);
        });
    }
    let bundle = Bundle {
        sightings: scan.finish(),
        ..Bundle::default()
    };
    let found = verdict(&bundle);
    let undecided = found.class == Class::Unknown;
    assert_eq!(undecided, found.confidence == Confidence::None, "{found:?}");
    assert!(!found.action.is_empty());
});
