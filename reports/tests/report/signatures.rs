//! The same crash has one signature, in every run; another crash has another.

use crashpoint_reports::event::{Event, Purpose};
use crashpoint_reports::gathered::{Crash, Frame, Gathered};
use crashpoint_reports::{Class, Phase, Signature};

use crate::journal::{Journal, attempts, exit, signal};

fn signature(journal: &Journal) -> Signature {
    attempts(&journal.report())[0].signature.clone().unwrap()
}

fn died_in(phase: Phase, number: i32) -> Journal {
    let mut journal = Journal::of(&[]);
    journal.worker(1, "single");
    journal.begin(1, phase, Journal::at(1, 1));
    journal.end(1, signal(number));
    journal
}

fn with_stderr(line: &str) -> Journal {
    let mut journal = Journal::of(&[]);
    journal.worker(1, "single");
    journal.begin(1, Phase::Decode, Journal::at(1, 1));
    journal.end_with(1, signal(6), |end| end.stderr.tail = format!("{line}\n"));
    journal
}

fn with_frames(symbols: &[&str], offset: u64) -> Journal {
    let mut journal = died_in(Phase::Decode, 11);
    journal.push(Event::Gathered(Box::new(Gathered {
        attempt: 1,
        crash: Some(Crash {
            signal: 11,
            address: Some(offset),
            frames: symbols
                .iter()
                .map(|symbol| Frame {
                    module: Some("worker".into()),
                    offset,
                    symbol: Some((*symbol).into()),
                })
                .collect(),
            ..Crash::default()
        }),
        ..Gathered::default()
    })));
    journal
}

#[test]
fn the_same_crash_is_the_same_whichever_image_and_attempt_it_struck() {
    let mut journal = Journal::of(&[]);
    journal.death(1, "fifth", &[1, 2, 3, 4, 5]);
    journal.death(2, "each-alone/2", &[2]);
    journal.survivor(3, "single", &[1]);
    let report = journal.report();
    let found = attempts(&report);
    assert!(found[0].signature.is_some());
    assert_eq!(found[0].signature, found[1].signature);
    assert_eq!(found[2].signature, None);
    assert_eq!(
        report.crash_points[0].signature, found[0].signature,
        "{:#?}",
        report.crash_points
    );
}

#[test]
fn phase_and_class_tell_crashes_apart() {
    let decode = signature(&died_in(Phase::Decode, 11));
    assert_eq!(decode, signature(&died_in(Phase::Decode, 11)));
    assert_ne!(decode, signature(&died_in(Phase::Vision, 11)));
    assert_ne!(decode, signature(&died_in(Phase::Decode, 6)));
    assert_eq!(decode.id.len(), 8);
    assert_eq!(decode.text, "native_crash in decode: SIGSEGV");
}

#[test]
fn the_id_is_the_same_for_ever() {
    assert_eq!(signature(&died_in(Phase::Decode, 11)).id, "f602ed54");
}

#[test]
fn messages_that_differ_in_numbers_only_are_one() {
    let one = with_stderr("worker[812]: Assertion `n < 4' failed at 0x7f00aa10 (12.50 MiB)");
    let other = with_stderr("worker[99]: Assertion `n < 4' failed at 0x55dd0010 (3 GiB)");
    let third = with_stderr("worker[99]: Assertion `m < 4' failed at 0x55dd0010 (3 GiB)");
    assert_eq!(signature(&one), signature(&other));
    assert_ne!(signature(&one), signature(&third));
}

#[test]
fn frames_stand_before_messages_and_know_no_addresses() {
    let one = signature(&with_frames(&["abort", "decode::step", "main"], 0x10));
    let other = signature(&with_frames(&["raise", "decode::step", "main"], 0x99));
    assert_eq!(one, other);
    assert!(one.text.contains("worker!decode::step"), "{}", one.text);
    assert_ne!(
        one,
        signature(&with_frames(&["vision::step", "main"], 0x10))
    );
}

#[test]
fn an_error_that_the_worker_named_is_in_its_signature() {
    let mut journal = Journal::fifth();
    journal.error(1, Some(Class::ModelFilesBroken), false);
    journal.end(1, exit(1));
    let found = signature(&journal);
    assert_eq!(
        found.text,
        "model_files_broken in idle: the checkpoint lacks model.safetensors"
    );
}

#[test]
fn crashes_are_taken_together_and_those_of_the_triage_counted_apart() {
    let mut journal = Journal::of(&[]);
    journal.death(1, "each-alone/5", &[5]);
    journal.death(2, "each-alone/6", &[6]);
    journal.death(3, "each-alone/5", &[5]);
    for record in &mut journal.records {
        if let Event::AttemptStart(start) = &mut record.event
            && start.attempt == 3
        {
            start.purpose = Purpose::Repeat;
        }
    }
    let report = journal.report();
    assert_eq!(report.crashes.len(), 1, "{:#?}", report.crashes);
    let crash = &report.crashes[0];
    assert_eq!((crash.attempts, crash.in_triage), (2, 1));
    assert_eq!(crash.cases, ["each-alone/5", "each-alone/6"]);
    assert_eq!(report.crash_points.len(), 2);
    // What was run because of a crash is no measure of how often it comes.
    let rate = report.statistics.crash_rate.unwrap();
    assert_eq!((rate.events, rate.n), (2, 2));
    assert_eq!(report.summary.attempts, 2);
}

#[test]
fn a_panic_is_told_by_its_place_and_its_words() {
    let panic = |thread: &str, words: &str| {
        let text = format!("\nthread '{thread}' panicked at src/decode.rs:31:9:\n{words}");
        signature(&with_stderr(&text))
    };
    assert_eq!(panic("main", "no logits"), panic("worker-3", "no logits"));
    assert_ne!(panic("main", "no logits"), panic("main", "no cache"));
    assert!(
        panic("main", "no logits")
            .text
            .ends_with("panicked at decode.rs:#: no logits"),
        "{}",
        panic("main", "no logits").text
    );
}
