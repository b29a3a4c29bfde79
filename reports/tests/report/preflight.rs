//! Known mistakes that were seen before a run are told with it, and are a lead where nothing decides.

use crashpoint_reports::knowledge;
use crashpoint_reports::lint::Finding;
use crashpoint_reports::report::{Report, SuspectFinding};
use crashpoint_reports::{Event, render};

use crate::journal::{Journal, ladder_with_a_bad_fifth};

fn seen() -> Finding {
    let mistake = knowledge::mistake("integer-dtype").unwrap();
    let message = "the weights are said to be int8 <b>".to_owned();
    Finding::of(mistake, "model/config.json", 3..=3, message)
}

fn configuration(report: &Report) -> (SuspectFinding, &str, String) {
    let mut suspects = report.differential.iter();
    let found = suspects.find(|it| it.suspect == "configuration").unwrap();
    let numbers = serde_json::to_string(&found.numbers).unwrap();
    (found.finding, &found.because, numbers)
}

#[test]
fn a_mistake_is_a_lead_of_the_differential() {
    let mut journal = ladder_with_a_bad_fifth();
    let without = journal.report();
    let (before, _, numbers) = configuration(&without);
    assert_eq!(numbers, "{}");
    journal.push(Event::Preflight(vec![seen()]));
    let report = journal.report();
    let (finding, because, numbers) = configuration(&report);
    assert_eq!(finding, before);
    assert_eq!(numbers, r#"{"preflight":"integer-dtype"}"#);
    let told = "before the run, in model/config.json: the weights are said to be int8 <b>";
    assert!(because.ends_with(told), "{because}");
}

#[test]
fn every_form_tells_of_it_harmlessly() {
    let mut journal = Journal::fifth();
    journal.push(Event::Preflight(vec![seen()]));
    let report = journal.report();
    assert_eq!(report.preflight, [seen()]);
    let html = render::html(&report);
    assert!(html.contains("int8 &lt;b&gt;") && !html.contains("int8 <b>"));
    for form in [render::markdown(&report), render::terminal(&report, false)] {
        assert!(form.contains("integer-dtype"), "{form}");
    }
}
