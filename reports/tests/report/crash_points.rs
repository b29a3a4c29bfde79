//! Where an attempt died: the last marker whose phase has no end.

use crashpoint_reports::event::{Event, Progress};
use crashpoint_reports::report::CrashPoint;
use crashpoint_reports::{Ending, EndingKind, Phase};

use crate::journal::{Journal, attempts, exit, signal};

fn point(journal: &Journal) -> CrashPoint {
    let report = journal.report();
    let found = attempts(&report)[0].crash_point.clone().unwrap();
    assert_eq!(report.crash_points, std::slice::from_ref(&found));
    found
}

#[test]
fn it_names_image_phase_token_and_the_last_sample() {
    let mut journal = Journal::of(&[]);
    journal.death(1, "fifth", &[1, 2, 3, 4, 5]);
    let point = point(&journal);
    assert_eq!(
        point.place(),
        "fifth, image 5, phase decode, after 3 tokens"
    );
    assert_eq!((point.image, point.position), (Some(5), Some(5)));
    assert_eq!(point.file.as_deref(), Some("pages/page-5.png"));
    assert_eq!(point.sha256, Some(format!("{:064x}", 5)));
    let worker = point.last_sample.unwrap().worker.unwrap();
    assert_eq!(worker.pid, Journal::pid(1));
    let age = point.last_sample_age_seconds.unwrap();
    assert!((age - 0.03).abs() < 1e-9, "{age}");
}

#[test]
fn index_and_position_are_told_apart() {
    let mut journal = Journal::of(&[]);
    journal.death(1, "repeat", &[1, 1, 1]);
    assert_eq!(
        point(&journal).place(),
        "repeat, image 1 at position 3, phase decode, after 3 tokens"
    );
}

#[test]
fn tokens_are_those_since_the_marker() {
    let mut journal = Journal::fifth();
    let decode = journal.begin(1, Phase::Decode, Journal::at(1, 1));
    journal.push(Event::Progress(Progress::of_tokens(1, 9)));
    journal.end_phase(1, decode);
    journal.begin(1, Phase::Decode, Journal::at(2, 2));
    journal.end(1, signal(11));
    let point = point(&journal);
    assert_eq!((point.image, point.token), (Some(2), None));
}

#[test]
fn a_page_tells_where_in_the_phase_it_was() {
    let mut journal = Journal::fifth();
    let decode = journal.begin(1, Phase::Decode, Journal::at(1, 1));
    let said = Progress {
        attempt: 1,
        marker: Some(decode),
        token: Some(41),
        layer: Some(17),
        allocated_bytes: Some(6_850_000_000),
        step: Some("attention".to_owned()),
    };
    journal.push(Event::Progress(said));
    journal.end(1, signal(9));
    let point = point(&journal);
    assert_eq!(
        point.place(),
        "fifth, image 1, phase decode, after 41 tokens, layer 17, step attention"
    );
    assert_eq!(point.allocated_bytes, Some(6_850_000_000));
}

#[test]
fn a_page_of_a_former_phase_says_nothing_of_the_present_one() {
    let mut journal = Journal::fifth();
    let former = journal.begin(1, Phase::Decode, Journal::at(1, 1));
    journal.end_phase(1, former);
    journal.begin(1, Phase::Vision, Journal::at(2, 2));
    let said = Progress {
        marker: Some(former),
        layer: Some(17),
        ..Progress::of_tokens(1, 9)
    };
    journal.push(Event::Progress(said));
    journal.end(1, signal(9));
    assert_eq!(point(&journal).place(), "fifth, image 2, phase vision");
}

#[test]
fn a_journal_from_before_there_were_pages_is_read() {
    let event: Event = serde_json::from_str(r#"{"progress":{"attempt":1,"token":41}}"#).unwrap();
    assert_eq!(event, Event::Progress(Progress::of_tokens(1, 41)));
}

#[test]
fn an_outer_phase_is_still_open_when_the_inner_one_has_ended() {
    let mut journal = Journal::fifth();
    journal.begin(1, Phase::Prefill, Journal::at(1, 1));
    journal.phase(1, Phase::Other("kernel".into()), Journal::at(1, 1));
    journal.end(1, signal(11));
    assert_eq!(point(&journal).phase, Phase::Prefill);
}

#[test]
fn a_death_between_two_images_is_not_blamed_on_either() {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.end(1, signal(9));
    let point = point(&journal);
    assert_eq!(
        (point.phase, point.image, point.token),
        (Phase::Idle, None, None)
    );
}

#[test]
fn a_death_between_two_phases_of_an_image_is_idle_and_names_the_image() {
    let mut journal = Journal::fifth();
    journal.phase(1, Phase::Vision, Journal::at(1, 1));
    journal.end(1, signal(11));
    let point = point(&journal);
    assert_eq!((point.phase, point.image), (Phase::Idle, Some(1)));
}

#[test]
fn a_crash_at_exit_is_not_blamed_on_the_last_image() {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.push(Event::Done { attempt: 1 });
    journal.end(1, signal(11));
    let found = point(&journal);
    assert_eq!((found.phase, found.image), (Phase::Teardown, None));

    let mut marked = Journal::fifth();
    marked.analysis(1, 1, 1);
    marked.begin(1, Phase::Teardown, None);
    marked.end(1, signal(11));
    assert_eq!(point(&marked).phase, Phase::Teardown);
}

#[test]
fn before_the_first_message_it_is_the_start() {
    let mut journal = Journal::of(&[]);
    journal.start(1, "single");
    journal.end(1, exit(127));
    assert_eq!(point(&journal).phase, Phase::Start);
}

#[test]
fn the_machines_death_has_no_age_of_a_sample_from_before_it() {
    let mut journal = Journal::fifth();
    journal.begin(1, Phase::Load, None);
    journal.sample(1);
    // The next boot's clock starts anew.
    journal.header("boot-b");
    journal.end(1, Ending::of(EndingKind::MachineGone));
    for (at, record) in journal.records.iter_mut().rev().take(2).enumerate() {
        record.mono_us = 2_000 - at as u64;
    }
    let found = point(&journal);
    assert!(found.last_sample.is_some());
    assert_eq!(found.last_sample_age_seconds, None);
    let report = journal.report();
    assert!(report.run.seconds < 1.0, "{}", report.run.seconds);
}

#[test]
fn of_a_block_of_samples_that_comes_late_those_before_the_end_count() {
    let mut journal = Journal::fifth();
    journal.begin(1, Phase::Load, None);
    let before = journal.a_sample(1);
    journal.end(1, signal(11));
    journal.wait(50_000);
    let after = journal.a_sample(1);
    journal.push(Event::Samples(vec![before.clone(), after]));
    assert_eq!(point(&journal).last_sample, Some(before));
}
