//! The page in a real browser: what it draws, how it fits a phone, and that it asks for nothing.
//!
//! Pictures of it are left in the folder for temporary files of the build, under `browser/`.

// Also in the helpers of tests, which clippy does not take for tests.
#![allow(clippy::unwrap_used)]
// A journal by hand offers more than is used here.
#![allow(dead_code)]

mod chromium;
#[path = "../report/journal.rs"]
mod journal;
mod pages;

use chromium::{Look, Probed};

fn drawn(probed: &Probed) {
    assert_eq!(probed.number("charts"), 2, "the run, and one close-up");
    assert_eq!(probed.number("drawn"), 2, "by their own script");
    assert!(probed.number("points") > 100, "{probed:?}");
    assert_eq!(probed.number("requests"), 0, "{probed:?}");
    assert_eq!(probed.number("refused"), 0, "{probed:?}");
    assert_eq!(probed.number("ran"), 0, "foreign script ran: {probed:?}");
}

#[test]
fn it_is_drawn_on_a_desk_and_asks_for_nothing() {
    let page = pages::crash();
    let probed = Look::desk().probe("desk", &page);
    drawn(&probed);
    assert_eq!(probed.text("dark"), "false");
    // The picture is there without the script too; the script then moves what is in it.
    assert_eq!(probed.text("zoomed"), "true", "{probed:?}");
    assert!(probed.text("told").contains("GPU memory"), "{probed:?}");
    Look::desk().picture("desk", &page);
}

#[test]
fn it_is_drawn_in_the_dark() {
    let page = pages::crash();
    let probed = Look::dark().probe("dark", &page);
    drawn(&probed);
    assert_eq!(probed.text("dark"), "true");
    Look::dark().picture("dark", &page);
}

#[test]
fn nothing_is_wider_than_a_phone() {
    for (name, page) in [
        ("phone", pages::crash()),
        ("phone-hostile", pages::hostile()),
    ] {
        let probed = Look::phone().probe(name, &page);
        assert_eq!(probed.number("width"), 390, "{probed:?}");
        assert_eq!(probed.text("wider"), "", "{name}: {probed:?}");
        assert_eq!(probed.number("scrolls"), 390, "{name}: {probed:?}");
        Look::phone().picture(name, &page);
    }
}

#[test]
fn whatever_a_program_printed_is_text_in_it() {
    let probed = Look::desk().probe("hostile", &pages::hostile());
    assert_eq!(probed.number("ran"), 0, "{probed:?}");
    assert_eq!(probed.number("requests"), 0, "{probed:?}");
    assert_eq!(probed.number("refused"), 0, "{probed:?}");
    assert_eq!(
        probed.number("foreign"),
        0,
        "elements of theirs: {probed:?}"
    );
    assert!(probed.text("shown").contains("<script>"), "as text");
}

/// What would be seen of a page that does ask, and does run what it should not.
#[test]
fn a_page_that_asks_for_something_is_caught() {
    let asks = "<img src=\"http://127.0.0.1:9/x.png\"><script>window.ran = 1</script></main>";
    let probed = Look::desk().probe("asks", &pages::crash().replace("</main>", asks));
    assert!(probed.number("refused") >= 2, "{probed:?}");
    assert_eq!(probed.number("foreign"), 2, "{probed:?}");
}

#[test]
fn it_is_printed() {
    let pdf = Look::desk().print("paper", &pages::crash());
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf.len() > 20_000, "{} bytes", pdf.len());
}

#[test]
fn every_run_of_a_history_is_a_dot_on_each_curve() {
    let page = pages::history();
    let probed = Look::desk().probe("history", &page);
    let curves = page.matches("<svg").count();
    assert!(curves >= 3, "{curves}");
    assert_eq!(probed.number("dots"), 3 * curves as i64, "{probed:?}");
    assert_eq!(probed.number("requests"), 0, "{probed:?}");
    Look::desk().picture("history", &page);
}

#[test]
fn history_and_comparison_fit_a_phone() {
    for (name, page) in [
        ("history-phone", pages::history()),
        ("comparison-phone", pages::comparison()),
    ] {
        let probed = Look::phone().probe(name, &page);
        assert_eq!(probed.number("scrolls"), 390, "{name}: {probed:?}");
        Look::phone().picture(name, &page);
    }
}
