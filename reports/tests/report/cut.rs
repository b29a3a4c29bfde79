//! A journal may stop at any record.

use crashpoint_reports::event::Usage;
use crashpoint_reports::event::{Ended, Event, LeftBehind};
use crashpoint_reports::journal::{encode, read_segment};
use crashpoint_reports::{EndingKind, Outcome, Phase, render};

use crate::journal::{GIB, Journal, attempts, fold, ladder_with_a_bad_fifth, signal};

/// Something of everything that a journal can hold.
fn realistic() -> Journal {
    let mut journal = ladder_with_a_bad_fifth();
    journal.worker(4, "fifth");
    journal.analysis(4, 1, 1);
    journal.push(Event::Facts {
        attempt: 4,
        facts: [("weights_bytes".to_owned(), 3.into())].into(),
    });
    let mut bad = journal.result(2, 2);
    bad.outcome = Outcome::Failed;
    journal.image(4, bad);
    journal.push(Event::Trouble {
        what: "the GPU's probe was lost".into(),
    });
    journal.push(Event::Violation {
        attempt: 4,
        what: "it sent what is no message".into(),
    });
    journal.push(Event::Interrupted { signal: 15 });
    journal.end_with(4, crate::journal::signal(9), |end| {
        end.left_behind.push(LeftBehind {
            pid: 7,
            name: "python".into(),
        });
    });
    journal.run_end();
    journal
}

#[test]
fn an_ending_is_known_though_the_supervisor_died_right_after_it() {
    let mut journal = Journal::fifth();
    journal.begin(1, Phase::Decode, Journal::at(2, 2));
    journal.sample(1);
    journal.push(Event::Ended(Box::new(Ended {
        attempt: 1,
        ending: signal(11),
        limit: None,
        usage: Some(Usage {
            max_rss_bytes: 7 * GIB,
            ..Usage::default()
        }),
    })));
    let cut = journal.report();
    let attempt = attempts(&cut)[0];
    assert_eq!(attempt.ending, signal(11));
    assert_eq!(attempt.outcome, Outcome::Died);
    assert_eq!(attempt.peak_rss_bytes, Some(7 * GIB));
    assert!(attempt.stderr.is_none());
    let point = attempt.crash_point.clone().unwrap();
    assert_eq!(point.phase, Phase::Decode);
    // Draining and sweeping take their time, which is not the attempt's.
    journal.wait(2_000_000);
    journal.end(1, signal(11));
    let whole = journal.report();
    let ended = attempts(&whole)[0];
    assert_eq!(ended.seconds, attempt.seconds);
    assert_eq!(ended.crash_point.as_ref(), Some(&point));
    assert!(ended.stderr.is_some());
}

#[test]
fn every_prefix_of_a_journal_has_a_report_and_none_forgets() {
    let journal = realistic();
    let mut deaths = 0;
    for cut in 0..=journal.records.len() {
        let report = fold(&journal.records[..cut]);
        assert!(!report.summary.headline.is_empty(), "cut at {cut}");
        let last = cut.checked_sub(1).map(|at| &journal.records[at].event);
        let ended = matches!(last, Some(Event::RunEnd {}));
        assert_eq!(report.run.complete, ended, "cut at {cut}");
        for attempt in attempts(&report) {
            let reported = journal.records[..cut].iter().any(|record| {
                matches!(&record.event, Event::AttemptEnd(end) if end.attempt == attempt.number)
            });
            assert_eq!(
                attempt.ending.kind == EndingKind::Unreported,
                !reported,
                "cut at {cut}"
            );
            if !reported {
                assert_eq!(attempt.outcome, Outcome::Incomplete, "cut at {cut}");
                assert!(attempt.crash_point.is_some(), "cut at {cut}");
            }
        }
        let died = attempts(&report)
            .iter()
            .filter(|attempt| attempt.outcome == Outcome::Died)
            .count();
        assert!(died >= deaths, "a death was forgotten at {cut}");
        deaths = died;
        // Whatever can be folded can be shown, and read again.
        let json = render::json(&report);
        let again: crashpoint_reports::Report = serde_json::from_str(&json).unwrap();
        assert_eq!(again.summary.headline, report.summary.headline);
        assert_eq!(attempts(&again).len(), attempts(&report).len());
        assert!(!render::markdown(&report).is_empty());
        assert!(!render::terminal(&report, true).is_empty());
    }
    assert_eq!(deaths, 2);
}

#[test]
fn the_same_holds_for_a_file_that_is_cut_at_any_byte() {
    let mut bytes = Vec::new();
    for record in &ladder_with_a_bad_fifth().records {
        encode(record, &mut bytes).unwrap();
    }
    for cut in (0..bytes.len()).step_by(97) {
        let mut fold = crashpoint_reports::fold::Fold::new();
        let state = read_segment(&bytes[..cut], |record| fold.push(record)).unwrap();
        let report = fold.finish(state);
        assert!(report.journal.damage.is_empty());
        assert!(!report.run.complete);
    }
}

#[test]
fn an_attempt_whose_beginning_was_damaged_still_counts() {
    let mut journal = ladder_with_a_bad_fifth();
    journal.records.retain(
        |record| !matches!(&record.event, Event::AttemptStart(start) if start.attempt == 3),
    );
    let report = journal.report();
    assert_eq!(report.crash_points.len(), 1);
    assert_eq!(report.crash_points[0].case, "(not recorded)");
    assert_eq!(report.crash_points[0].image, Some(5));
}
