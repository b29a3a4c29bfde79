//! `report.html` as text: what stands in it, and what can't. How it looks is seen in a browser.

use crashpoint_reports::event::Event;
use crashpoint_reports::{Report, render};

use crate::journal::{Journal, ladder_with_a_bad_fifth, signal};
use crate::rendering::hostile;

/// In this order.
const SECTIONS: [&str; 8] = [
    "<h1>Died in each-alone/5, image 5 at position 1, phase decode, after 3 tokens: SIGSEGV</h1>",
    "<h2 id=\"ladder\">",
    "<h2 id=\"time-line\">",
    "<h2 id=\"images\">",
    "<h2 id=\"suspects\">",
    "<h2 id=\"evidence\">",
    "<h2 id=\"reproduce\">",
    "<h2 id=\"record\">",
];

#[test]
fn the_verdict_comes_first_and_the_rest_in_its_order() {
    let page = render::html(&ladder_with_a_bad_fifth().report());
    let places: Vec<Option<usize>> = SECTIONS.iter().map(|part| page.find(part)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("<strong>native_crash</strong> (possible)"));
    assert!(page.contains("<summary>Evidence from ending</summary>"));
}

#[test]
fn nothing_in_it_points_elsewhere_and_its_policy_forbids_it() {
    for page in [
        render::html(&hostile()),
        render::html(&ladder_with_a_bad_fifth().report()),
    ] {
        assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"));
        assert!(!page.contains("unsafe-inline"));
        for attribute in ["src=\"", "href=\"http", "url(", "@import", "style=\""] {
            assert!(!page.contains(attribute), "{attribute}");
        }
    }
}

#[test]
fn hostile_text_is_text_in_it() {
    let page = render::html(&hostile());
    assert!(!page.contains(|letter: char| letter.is_control() && letter != '\n'));
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn what_fills_a_report_does_not_fill_the_page() {
    let mut journal = Journal::of(&[("soak", "soak", &[1])]);
    for attempt in 1..=300 {
        journal.worker(attempt, "soak");
        for position in 1..=30 {
            journal.analysis(attempt, position % 8 + 1, position);
        }
        if attempt % 10 == 0 {
            journal.end_with(attempt, signal(11), |end| {
                end.stderr.tail = "x\n".repeat(8000)
            });
        } else {
            journal.leave(attempt);
        }
    }
    for _ in 0..2000 {
        journal.push(Event::Trouble {
            what: "the GPU's probe was lost".repeat(10),
        });
    }
    journal.run_end();
    let page = render::html(&journal.report());
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn a_report_of_nothing_is_a_page_as_well() {
    let nothing: Report = Journal::empty().report();
    assert!(render::html(&nothing).contains("</html>"));
    let mut old = ladder_with_a_bad_fifth().report();
    old.time_line = None;
    assert!(!render::html(&old).contains("time-line"));
}
