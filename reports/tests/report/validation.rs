//! The validation report claims no more than its n allows, and leaves out nothing that was not tested.

use crashpoint_reports::{Report, render};

use crate::journal::{Journal, ladder_with_a_bad_fifth};
use crate::rendering::hostile;

fn survived(attempts: u32) -> Report {
    let mut journal = Journal::of(&[("single", "single", &[1])]);
    for attempt in 1..=attempts {
        journal.survivor(attempt, "single", &[1]);
    }
    journal.run_end();
    journal.report()
}

/// A rate of nothing, or of all, stands nowhere in it.
#[track_caller]
fn claims_nothing_absolute(page: &str) {
    for absolute in [" 0%", " 0 %", "(0%", "(100%", " 100%", "100 %", "never"] {
        assert!(!page.contains(absolute), "{absolute:?} in:\n{page}");
    }
}

#[test]
fn none_of_two_is_a_bound_and_no_rate_of_zero() {
    let page = render::validation_markdown(&survived(2), None);
    claims_nothing_absolute(&page);
    for part in [
        "No crash was seen in 2 attempts. That does not show that there is none: at 95% confidence \
         the crash rate is below 77.6%",
        "59 attempts without a crash are needed: 57 more",
        "299 attempts without a crash are needed: 297 more",
        "## The validated configuration",
        "| single | 2 of 2 | below 77.6% | 2 of 2 | 0.400 (p95 0.400, max 0.400, n = 2) |",
        "No crash was seen, so that this report names no cause.",
        "no earlier run was given (--before)",
    ] {
        assert!(page.contains(part), "{part}\n\n{page}");
    }
}

#[test]
fn a_crash_is_named_with_its_evidence_and_nothing_is_called_validated() {
    let page = render::validation_markdown(&ladder_with_a_bad_fifth().report(), None);
    claims_nothing_absolute(&page);
    for part in [
        "It crashed or failed in 1 of 3 attempts; at 95% confidence the rate is between 0.8% and 90.6%.",
        "## The configuration that was run",
        "Supported: this image: ",
        "Cause: native\\_crash, possible.",
        "- ending: SIGSEGV",
        "- fifth: skipped, each-alone did not survive",
    ] {
        assert!(page.contains(part), "{part}\n\n{page}");
    }
    assert!(!page.contains("validated configuration"));
}

#[test]
fn before_and_after_say_whether_so_few_attempts_show_a_difference() {
    let before = ladder_with_a_bad_fifth().report();
    let page = render::validation_markdown(&survived(2), Some(&before));
    claims_nothing_absolute(&page);
    assert!(
        page.contains("overlap: so few attempts do not show that they differ"),
        "{page}"
    );
    assert!(page.contains("From the run before"), "{page}");
    let mut journal = Journal::of(&[("single", "single", &[5])]);
    for attempt in 1..=20 {
        journal.death(attempt, "single", &[5]);
    }
    journal.run_end();
    let page = render::validation_markdown(&survived(20), Some(&journal.report()));
    assert!(
        page.contains("20 of 20 attempts; at 95% confidence the rate is above 83.2%"),
        "{page}"
    );
    assert!(page.contains("crash rates do not overlap"), "{page}");
}

#[test]
fn a_record_that_stops_early_validates_nothing() {
    let mut journal = Journal::of(&[("single", "single", &[1])]);
    journal.survivor(1, "single", &[1]);
    journal.worker(2, "single");
    let page = render::validation_markdown(&journal.report(), None);
    assert!(page.contains("stops before its end"), "{page}");
    assert!(!page.contains("validated configuration"), "{page}");
    let nothing = render::validation_markdown(&Journal::empty().report(), None);
    assert!(
        nothing.contains("this run shows nothing about crashes"),
        "{nothing}"
    );
}

#[test]
fn it_is_a_page_too_and_hostile_text_is_text_in_both() {
    let page = render::validation_html(&hostile(), Some(&hostile()));
    assert!(page.contains("Content-Security-Policy"));
    assert!(page.contains("What was not tested"));
    assert!(!page.contains("<script>alert"), "{page}");
    let page = render::validation_markdown(&hostile(), Some(&hostile()));
    assert!(!page.contains(|letter: char| letter.is_control() && letter != '\n'));
}
