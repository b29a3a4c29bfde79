//! What a run that is to go on has done already.

use crashpoint_reports::Outcome;
use crashpoint_reports::event::{Event, Purpose};
use crashpoint_reports::past::{Past, Turn};

use crate::journal::{Journal, signal};

fn past(journal: &Journal) -> Past {
    let mut past = Past::default();
    journal.records.iter().for_each(|record| past.push(record));
    past.judge(&journal.report());
    past
}

fn skip(journal: &mut Journal, case: &str) {
    journal.push(Event::Skipped {
        case: case.to_owned(),
        because: "for a test".to_owned(),
    });
}

#[test]
fn what_is_done_is_not_to_come_and_what_was_cut_off_says_so() {
    let mut journal = Journal::of(&[
        ("single", "single", &[1]),
        ("each-1", "each-alone", &[1]),
        ("each-2", "each-alone", &[2]),
        ("fifth", "fifth", &[1, 2]),
    ]);
    journal.survivor(1, "single", &[1]);
    skip(&mut journal, "each-1");
    journal.worker(2, "each-2");
    let mut past = past(&journal);
    assert_eq!((past.attempts, past.complete), (2, false));
    assert_eq!(past.turn("single"), Turn::Over(Outcome::Survived));
    assert_eq!(past.turn("single"), Turn::ToCome, "the next cycle");
    assert_eq!(past.turn("each-1"), Turn::Skipped);
    assert_eq!(past.turn("each-2"), Turn::Cut { times: 1 });
    assert_eq!(past.turn("fifth"), Turn::ToCome);
    assert_eq!((past.tried("each-2"), past.tried("fifth")), (1, 0));
}

#[test]
fn a_case_that_was_cut_off_and_tried_again_has_had_one_turn() {
    let mut journal = Journal::of(&[("fifth", "fifth", &[1, 2])]);
    journal.worker(1, "fifth");
    journal.header("boot-b");
    journal.worker(2, "fifth");
    journal.header("boot-c");
    assert_eq!(past(&journal).turn("fifth"), Turn::Cut { times: 2 });
    assert_eq!(past(&journal).resets, 2);
    journal.death(3, "fifth", &[1, 2]);
    let mut past = past(&journal);
    assert_eq!(past.turn("fifth"), Turn::Over(Outcome::Died));
    assert_eq!(past.turn("fifth"), Turn::ToCome);
}

#[test]
fn a_quarantine_holds_in_later_cycles() {
    let mut journal = Journal::of(&[("fifth", "fifth", &[1, 2])]);
    journal.worker(1, "fifth");
    journal.header("boot-b");
    skip(&mut journal, "fifth");
    let mut past = past(&journal);
    assert_eq!(past.turn("fifth"), Turn::Skipped);
    assert_eq!(past.turn("fifth"), Turn::Quarantined);
}

#[test]
fn what_somebody_interrupted_is_to_come_again() {
    let mut journal = Journal::of(&[("single", "single", &[1]), ("fifth", "fifth", &[1, 2])]);
    journal.worker(1, "single");
    let mut ending = signal(15);
    ending.interrupted = true;
    journal.end(1, ending);
    skip(&mut journal, "fifth");
    journal.push(Event::Interrupted { signal: 15 });
    journal.run_end();
    let mut past = past(&journal);
    assert!(past.complete && past.interrupted);
    assert_eq!(past.turn("single"), Turn::ToCome);
    assert_eq!(past.turn("fifth"), Turn::ToCome);
}

#[test]
fn attempts_that_fill_a_time_are_one_turn() {
    let mut journal = Journal::of(&[("soak", "soak", &[1, 2])]);
    journal.survivor(1, "soak", &[1, 2]);
    journal.survivor(2, "soak", &[1, 2]);
    journal.worker(3, "soak");
    let (turn, filled) = past(&journal).turn_by_time("soak", 3600.0, false);
    assert_eq!(turn, Turn::Cut { times: 1 });
    let report = journal.report();
    let lasted: f64 = report.cases[0].attempts[..2]
        .iter()
        .map(|it| it.seconds)
        .sum();
    assert!((filled - lasted).abs() < 1e-9, "{filled}");
    let (turn, _) = past(&journal).turn_by_time("soak", filled / 2.0, false);
    assert_eq!(turn, Turn::Over(Outcome::Survived));
}

#[test]
fn nothing_more_is_looked_for_where_an_attempt_was_cut_off() {
    let mut journal = Journal::of(&[("single", "single", &[1]), ("fifth", "fifth", &[1, 2])]);
    journal.death(1, "single", &[1]);
    journal.death(2, "fifth", &[1, 2]);
    journal.push(Event::TriageEnd {
        case: "single".to_owned(),
        because: None,
    });
    journal.worker(3, "fifth");
    if let Some(Event::AttemptStart(start)) = journal
        .records
        .iter_mut()
        .map(|record| &mut record.event)
        .rfind(|event| matches!(event, Event::AttemptStart(_)))
    {
        start.purpose = Purpose::Repeat;
    }
    let without = past(&journal).without_triage();
    assert_eq!(without.get("single"), Some(&None));
    assert!(matches!(without.get("fifth"), Some(Some(_))), "{without:?}");
}
