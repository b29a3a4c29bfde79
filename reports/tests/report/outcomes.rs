//! How an attempt ended, and what that makes of it and of its images.

use crashpoint_reports::event::{Event, Output};
use crashpoint_reports::{Class, Ending, EndingKind, Outcome, Phase};

use crate::journal::{Journal, attempts, exit, signal};

/// The outcome of an attempt that analysed one image and then ended so.
fn outcome_of(ending: Ending) -> Outcome {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.end(1, ending);
    attempts(&journal.report())[0].outcome
}

#[test]
fn done_and_exit_code_0_is_survival() {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.leave(1);
    let report = journal.report();
    let attempt = attempts(&report)[0];
    assert_eq!(attempt.outcome, Outcome::Survived);
    assert_eq!(attempt.verdict, None);
    assert_eq!(attempt.crash_point, None);
    assert_eq!(attempt.said_done, Some(true));
}

#[test]
fn exit_code_0_before_the_work_was_done_is_a_failure() {
    assert_eq!(outcome_of(exit(0)), Outcome::Failed);
    let mut silent = Journal::of(&[]);
    silent.start(1, "single");
    silent.end(1, exit(0));
    let report = silent.report();
    assert_eq!(attempts(&report)[0].outcome, Outcome::Failed);
    assert_eq!(
        report.summary.headline,
        "failed in single, phase start: exit code 0, before its work was done"
    );
}

/// A journal of `crashpoint exec`, up to the program's own doing.
fn foreign() -> Journal {
    let mut journal = Journal::of(&[("exec", "exec", &[])]);
    journal.start(1, "exec");
    for record in &mut journal.records {
        match &mut record.event {
            Event::AttemptStart(start) => start.job = false,
            Event::Marker(marker) => marker.phase = Phase::Run,
            _ => {}
        }
    }
    journal
}

#[test]
fn a_program_that_never_spoke_the_protocol_survives_by_its_exit_code_alone() {
    for (code, expected) in [(0, Outcome::Survived), (3, Outcome::Failed)] {
        let mut journal = foreign();
        journal.end(1, exit(code));
        let report = journal.report();
        let attempt = attempts(&report)[0];
        assert_eq!((attempt.outcome, attempt.said_done), (expected, None));
        assert_eq!(attempt.phases[0].phase, Phase::Run);
        // The supervisor's own phase ends with a survivor, and stays open in a death.
        assert_eq!(attempt.phases[0].seconds.is_some(), code == 0);
    }
}

#[test]
fn a_program_that_says_hello_has_to_say_done() {
    let mut journal = foreign();
    journal.hello(1);
    journal.end(1, exit(0));
    assert_eq!(attempts(&journal.report())[0].outcome, Outcome::Failed);
}

#[test]
fn an_error_of_its_own_is_a_failure_whatever_the_exit_code() {
    for code in [0, 1] {
        let mut journal = Journal::fifth();
        journal.error(1, Some(Class::ModelFilesBroken), false);
        journal.push(Event::Done { attempt: 1 });
        journal.end(1, exit(code));
        let report = journal.report();
        assert_eq!(attempts(&report)[0].outcome, Outcome::Failed);
    }
}

#[test]
fn what_did_not_end_by_itself_died() {
    assert_eq!(outcome_of(signal(11)), Outcome::Died);
    for kind in [
        EndingKind::Timeout,
        EndingKind::Budget,
        EndingKind::Unkillable,
        EndingKind::MachineGone,
    ] {
        assert_eq!(outcome_of(Ending::of(kind)), Outcome::Died, "{kind:?}");
    }
}

#[test]
fn what_nobody_let_finish_or_saw_finish_is_incomplete() {
    assert_eq!(
        outcome_of(Ending::of(EndingKind::Unreported)),
        Outcome::Incomplete
    );
    let interrupted = Ending {
        interrupted: true,
        ..signal(15)
    };
    assert_eq!(outcome_of(interrupted), Outcome::Incomplete);
}

#[test]
fn a_program_that_could_not_be_started_failed() {
    let mut journal = Journal::of(&[("exec", "exec", &[])]);
    journal.start(1, "exec");
    journal.end_with(1, Ending::of(EndingKind::Unreported), |end| {
        end.spawn_error = Some("\"pyhton\" could not be started: No such file or directory".into());
    });
    let report = journal.report();
    assert_eq!(attempts(&report)[0].outcome, Outcome::Failed);
    assert!(report.summary.headline.contains("pyhton"));
}

#[test]
fn an_image_without_a_result_shares_the_outcome_of_its_attempt() {
    for (ending, expected) in [
        (signal(6), Outcome::Died),
        (exit(1), Outcome::Failed),
        (Ending::of(EndingKind::Unreported), Outcome::Incomplete),
    ] {
        let mut journal = Journal::fifth();
        journal.analysis(1, 1, 1);
        journal.begin(1, Phase::Preprocess, Journal::at(2, 2));
        journal.end(1, ending);
        let report = journal.report();
        let images = &attempts(&report)[0].images;
        assert_eq!(images.len(), 2);
        assert_eq!(images[0].outcome, Outcome::Survived);
        assert_eq!(images[1].outcome, expected);
        assert_eq!(images[1].file.as_deref(), Some("pages/page-2.png"));
        assert_eq!(report.summary.total_analyses, 2);
        assert_eq!(report.summary.success_rate.as_deref(), Some("50%"));
    }
}

#[test]
fn a_phase_that_goes_on_after_its_images_result_is_no_second_analysis() {
    let mut journal = Journal::fifth();
    journal.analysis(1, 1, 1);
    journal.phase(1, Phase::Other("postprocess".into()), Journal::at(1, 1));
    journal.leave(1);
    let report = journal.report();
    assert_eq!(report.summary.total_analyses, 1);
}

#[test]
fn the_critical_image_passes_only_where_it_was_analysed_and_survived() {
    let passed = |journal: &Journal| journal.report().summary.critical_test_passed;
    let mut never = Journal::of(&[]);
    never.survivor(1, "single", &[1]);
    assert_eq!(passed(&never), None);
    let mut survived = Journal::of(&[]);
    survived.survivor(1, "fifth", &[1, 2, 3, 4, 5]);
    assert_eq!(passed(&survived), Some(true));
    survived.death(2, "fifth-alone", &[5]);
    assert_eq!(passed(&survived), Some(false));
}

#[test]
fn the_first_words_after_the_end_are_not_listened_to() {
    let mut journal = Journal::fifth();
    journal.leave(1);
    journal.error(1, None, false);
    journal.end_with(1, signal(11), |end| end.stderr = Output::default());
    assert_eq!(attempts(&journal.report())[0].outcome, Outcome::Survived);
}

#[test]
fn headlines_say_what_came_of_the_run() {
    let mut journal = Journal::of(&[("single", "single", &[1]), ("fifth", "fifth", &[1, 2])]);
    assert_eq!(journal.report().summary.headline, "nothing ran");
    journal.survivor(1, "single", &[1]);
    assert_eq!(
        journal.report().summary.headline,
        "the run never ended: 1 of 2 cases had been tried, and survived"
    );
    journal.survivor(2, "fifth", &[1, 2]);
    journal.run_end();
    assert_eq!(
        journal.report().summary.headline,
        "every step survived: 2 cases, 2 attempts, 3 images"
    );
    journal.death(3, "fifth", &[1, 2]);
    assert_eq!(
        journal.report().summary.headline,
        "died in fifth, attempt 2, image 2, phase decode, after 3 tokens: SIGSEGV"
    );
    journal.death(4, "fifth", &[1]);
    assert!(
        journal
            .report()
            .summary
            .headline
            .ends_with("SIGSEGV (and 1 more)")
    );
}

#[test]
fn an_interrupted_run_says_so_and_has_no_crash() {
    let mut journal = Journal::of(&[("single", "single", &[1])]);
    journal.worker(1, "single");
    journal.push(Event::Interrupted { signal: 2 });
    journal.end(
        1,
        Ending {
            interrupted: true,
            ..signal(15)
        },
    );
    journal.run_end();
    let report = journal.report();
    assert_eq!(
        report.summary.headline,
        "interrupted by SIGINT: 0 of 1 attempt that began had survived"
    );
    assert!(report.crash_points.is_empty());
    assert_eq!(report.summary.crash_point, None);
    assert_eq!(report.statistics.crash_rate, None);
    assert_eq!(
        attempts(&report)[0].verdict.as_ref().unwrap().class,
        Class::KilledFromOutside
    );
}
