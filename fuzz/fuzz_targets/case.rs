//! Any bytes as a case in the layout of a collection of cases.
#![no_main]

use crashpoint_reports::diagnose::case::Case;
use crashpoint_reports::diagnose::verdict;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(case) = serde_json::from_slice::<Case>(text) {
        let _ = verdict(&case.evidence.bundle());
    }
});
