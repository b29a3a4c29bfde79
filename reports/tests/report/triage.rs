//! What is tried after a crash, and what is made of it: over journals that answer by a rule.

use crashpoint_reports::event::{Event, Progress, Purpose, Variation};
use crashpoint_reports::report::{Recurrence, Report, Reproduction};
use crashpoint_reports::triage::{Bounds, History, Next, Step, next};
use crashpoint_reports::{Phase, render};

use crate::journal::{Journal, fold, signal};

const CASE: &str = "fifth";
const BOUNDS: Bounds = Bounds {
    attempts: 3,
    most: 20,
};
const TOKENS: u32 = 32;

/// Where an attempt at these images, with so many tokens, dies: at which position, after how many
/// tokens, and by which signal.
type World = dyn Fn(&Asked<'_>) -> Option<(usize, u32, i32)>;

struct Asked<'a> {
    images: &'a [u32],
    tokens: u32,
    n: u32,
}

/// A case whose first attempt was made, and whatever the triage then asks for.
fn triage(images: &[u32], bounds: Bounds, world: &World) -> (Journal, Vec<Step>) {
    let mut journal = Journal::empty();
    journal.plan.settings.max_new_tokens = Some(TOKENS);
    journal.plan.cases = Journal::of(&[(CASE, CASE, images)]).plan.cases;
    journal.header("boot-a");
    let plan = journal.plan.clone();
    journal.push(Event::Plan(plan));
    attempt(&mut journal, images, &planned(), world);
    let mut steps = Vec::new();
    loop {
        let report = journal.report();
        let case = report.cases.iter().find(|case| case.name == CASE).unwrap();
        let settings = report.run.settings.as_ref();
        let Some(history) = History::of(&case.images, settings, &case.attempts) else {
            break;
        };
        match next(&history, bounds) {
            Next::Try(step) => {
                attempt(&mut journal, images, &step, world);
                steps.push(step);
                assert!(steps.len() < 100, "it never ends: {steps:#?}");
            }
            Next::Done(because) => {
                let case = CASE.to_owned();
                journal.push(Event::TriageEnd { case, because });
                break;
            }
        }
    }
    journal.run_end();
    (journal, steps)
}

fn planned() -> Step {
    Step {
        purpose: Purpose::Planned,
        variation: Variation::default(),
    }
}

fn attempt(journal: &mut Journal, images: &[u32], step: &Step, world: &World) {
    let is_start =
        |record: &&crashpoint_reports::Record| matches!(record.event, Event::AttemptStart(_));
    let n = journal.records.iter().filter(is_start).count() as u32 + 1;
    let images = step.variation.images.as_deref().unwrap_or(images);
    let tokens = step.variation.max_new_tokens.unwrap_or(TOKENS);
    journal.start(n, CASE);
    for record in journal.records.iter_mut().rev() {
        if let Event::AttemptStart(start) = &mut record.event {
            start.purpose = step.purpose;
            start.variation = step.variation.clone();
            start.again = vec!["crashpoint".into(), "run".into(), format!("attempt {n}")];
            break;
        }
    }
    journal.hello(n);
    let asked = Asked { images, tokens, n };
    let fate = world(&asked);
    if let Some((0, _, number)) = fate {
        journal.begin(n, Phase::Load, None);
        journal.end(n, signal(number));
        return;
    }
    journal.phase(n, Phase::Load, None);
    for (place, &index) in (1..).zip(images) {
        let position = place as u32;
        match fate {
            Some((at, token, number)) if at == place => {
                journal.begin(n, Phase::Decode, Journal::at(index, position));
                journal.push(Event::Progress(Progress::of_tokens(n, token)));
                journal.end(n, signal(number));
                return;
            }
            _ => journal.analysis(n, index, position),
        }
    }
    journal.leave(n);
}

fn only(report: &Report) -> &Reproduction {
    assert_eq!(report.reproductions.len(), 1);
    &report.reproductions[0]
}

fn reductions(steps: &[Step]) -> Vec<(Vec<u32>, Option<u32>)> {
    let reductions = steps.iter().filter(|it| it.purpose == Purpose::Reduction);
    let parts = |it: &Step| {
        (
            it.variation.images.clone().unwrap(),
            it.variation.max_new_tokens,
        )
    };
    reductions.map(parts).collect()
}

/// The image, wherever it comes, if so many tokens are made of it.
fn image(wanted: u32, token: u32) -> impl Fn(&Asked<'_>) -> Option<(usize, u32, i32)> {
    move |asked| {
        let place = asked.images.iter().position(|&index| index == wanted)?;
        (asked.tokens >= token).then_some((place + 1, token, 11))
    }
}

#[test]
fn an_image_that_always_fails_is_found_to_be_enough_alone() {
    let (journal, steps) = triage(&[1, 2, 3, 4, 5], BOUNDS, &image(5, 7));
    let report = journal.report();
    let found = only(&report);
    assert_eq!(found.finding, Recurrence::Always);
    assert_eq!((found.same.events, found.same.n), (3, 3));
    let smallest = found.smallest.as_ref().unwrap();
    assert_eq!(
        (smallest.images.as_slice(), smallest.max_new_tokens),
        (&[5][..], Some(7))
    );
    assert_eq!(smallest.files, ["pages/page-5.png"]);
    let number = report.cases[0]
        .attempts
        .iter()
        .find(|it| it.variation.max_new_tokens == Some(7))
        .unwrap()
        .number;
    let command = format!("crashpoint run 'attempt {number}'");
    assert_eq!(smallest.command, Some(command.clone()));
    assert_eq!(
        reductions(&steps),
        [
            (vec![5], None),
            (vec![5], Some(1)),
            (vec![5], Some(7)),
            (vec![5], Some(6))
        ]
    );
    assert_eq!(found.because, None);
    assert_eq!(
        found.conclusion,
        "it came in 3 of 3 attempts; image 5 alone, with 7 new tokens, is enough"
    );
    // None of it is in the run's own numbers.
    let rate = report.statistics.crash_rate.unwrap();
    assert_eq!((rate.events, rate.n), (1, 1));
    assert_eq!(report.statistics.image_seconds.unwrap().n, 4);
    assert_eq!(report.summary.total_analyses, 5);
    let screen = render::terminal(&report, false);
    assert!(
        screen.ends_with(&format!("\nto reproduce it:\n  {command}\n")),
        "{screen}"
    );
    assert!(render::markdown(&report).contains(&command));
}

#[test]
fn what_comes_after_so_many_is_found_to_need_as_many() {
    let fifth = |asked: &Asked<'_>| (asked.images.len() >= 5).then_some((5, 3, 11));
    let (journal, steps) = triage(&[1, 2, 3, 4, 5, 6, 7, 8], BOUNDS, &fifth);
    let report = journal.report();
    let smallest = only(&report).smallest.as_ref().unwrap();
    assert_eq!(smallest.images, [1, 2, 3, 4, 5]);
    let tried: Vec<Vec<u32>> = reductions(&steps)
        .into_iter()
        .map(|(images, _)| images)
        .collect();
    assert_eq!(tried[0], [5]);
    assert!(tried.contains(&vec![2, 3, 4, 5]));
    // Is it the first of them, or their number?
    assert!(tried.contains(&vec![1, 5]));
    // What was cut off behind the crash was run as it is told.
    assert!(tried.contains(&vec![1, 2, 3, 4, 5]));
}

#[test]
fn an_image_that_needs_one_certain_other_before_it_is_found_with_it() {
    let after_two = |asked: &Asked<'_>| {
        let two = asked.images.iter().position(|&index| index == 2)?;
        let five = asked.images.iter().position(|&index| index == 5)?;
        (two < five).then_some((five + 1, 1, 11))
    };
    let (journal, _) = triage(&[1, 2, 3, 4, 5], BOUNDS, &after_two);
    let report = journal.report();
    assert_eq!(only(&report).smallest.as_ref().unwrap().images, [2, 5]);
}

#[test]
fn a_crash_that_does_not_come_again_is_said_to_be_so() {
    let once = |asked: &Asked<'_>| (asked.n == 1).then_some((5, 3, 11));
    let (journal, steps) = triage(&[1, 2, 3, 4, 5], BOUNDS, &once);
    let report = journal.report();
    let found = only(&report);
    assert_eq!(found.finding, Recurrence::NotAgain);
    assert_eq!((found.same.events, found.same.n), (1, 3));
    assert_eq!(found.smallest, None);
    assert_eq!(steps.len(), 2);
    assert_eq!(
        found.conclusion,
        "it was not reproduced: it came in 1 of 3 attempts"
    );
}

#[test]
fn another_crash_is_not_the_same_crash() {
    // Alone it dies as well, of something else.
    let otherwise = |asked: &Asked<'_>| match asked.images {
        [5] => Some((1, 3, 6)),
        images if images.ends_with(&[5]) => Some((images.len(), 3, 11)),
        _ => None,
    };
    let (journal, _) = triage(&[4, 5], BOUNDS, &otherwise);
    let report = journal.report();
    let found = only(&report);
    assert_eq!(found.smallest.as_ref().unwrap().images, [4, 5]);
    let alone = found.tried.iter().find(|it| it.images == [5]).unwrap();
    assert_eq!((alone.same, alone.otherwise, alone.of), (0, 1, 1));
    assert_eq!(report.crashes.len(), 2);
}

#[test]
fn one_that_comes_sometimes_is_given_more_chances_and_not_called_deterministic() {
    // In the first, the third, and every other attempt.
    let sometimes = |asked: &Asked<'_>| (asked.n % 2 == 1).then_some((asked.images.len(), 1, 11));
    let (journal, steps) = triage(&[1, 2, 3], BOUNDS, &sometimes);
    let report = journal.report();
    let found = only(&report);
    assert_eq!(found.finding, Recurrence::Sometimes);
    assert!(
        found
            .conclusion
            .starts_with("it is not deterministic: it came in 2 of 3")
    );
    // Attempt 4 survives: that proves nothing, and it is tried again.
    assert_eq!(reductions(&steps)[..2], [(vec![3], None), (vec![3], None)]);
    assert_eq!(found.smallest.as_ref().unwrap().images, [3]);
}

#[test]
fn a_crash_while_loading_needs_one_image_and_one_token() {
    let (journal, steps) = triage(&[1, 2, 3, 4, 5], BOUNDS, &|_| Some((0, 0, 11)));
    let report = journal.report();
    let smallest = only(&report).smallest.as_ref().unwrap();
    assert_eq!(
        (smallest.images.as_slice(), smallest.max_new_tokens),
        (&[1][..], Some(1))
    );
    assert_eq!(reductions(&steps).len(), 2);
}

#[test]
fn a_bound_on_attempts_holds_and_is_named() {
    let bounds = Bounds { most: 3, ..BOUNDS };
    let (journal, steps) = triage(&[1, 2, 3, 4, 5], bounds, &image(5, 7));
    assert_eq!(steps.len(), 3);
    let report = journal.report();
    assert!(only(&report).conclusion.contains("--triage-attempts"));
    let one = Bounds {
        attempts: 1,
        ..BOUNDS
    };
    let (journal, steps) = triage(&[5], one, &image(5, 1));
    assert_eq!(steps.len(), 1, "{steps:#?}");
    assert_eq!(only(&journal.report()).finding, Recurrence::NotTried);
}

#[test]
fn with_a_gpu_one_attempt_is_diagnostic_and_counts_for_nothing() {
    let mut journal = Journal::of(&[(CASE, CASE, &[1, 2])]);
    journal.plan.settings.device = Some("cuda:0".into());
    journal.records.clear();
    journal.header("boot-a");
    let plan = journal.plan.clone();
    journal.push(Event::Plan(plan));
    let world = image(2, 1);
    let mut steps = vec![planned()];
    for _ in 0..3 {
        let step = steps.last().unwrap().clone();
        attempt(&mut journal, &[1, 2], &step, &world);
        let report = journal.report();
        let case = &report.cases[0];
        let settings = report.run.settings.as_ref();
        let history = History::of(&case.images, settings, &case.attempts).unwrap();
        let Next::Try(step) = next(&history, BOUNDS) else {
            panic!("nothing is left to try");
        };
        steps.push(step);
    }
    let purposes: Vec<Purpose> = steps.iter().map(|step| step.purpose).collect();
    use Purpose::{Diagnostic, Planned, Repeat};
    assert_eq!(purposes, [Planned, Repeat, Repeat, Diagnostic]);
    let asked: Vec<&String> = steps[3].variation.variables.keys().collect();
    assert_eq!(
        asked,
        ["CUDA_ENABLE_COREDUMP_ON_EXCEPTION", "CUDA_LAUNCH_BLOCKING"]
    );
    // It survives, as it may under changed conditions.
    attempt(&mut journal, &[1, 2], &steps[3], &|_| None);
    let report = journal.report();
    let found = only(&report);
    assert_eq!((found.same.events, found.same.n), (3, 3));
    assert!(!found.diagnostic.as_ref().unwrap().same);
    assert_eq!(report.summary.attempts, 1);
}

#[test]
fn a_record_that_is_cut_in_the_triage_still_tells_what_it_holds() {
    let (journal, _) = triage(&[1, 2, 3, 4, 5], BOUNDS, &image(5, 7));
    let whole = journal.report();
    let mut seen = 0;
    for cut in 0..=journal.records.len() {
        let report = fold(&journal.records[..cut]);
        let rate = report.statistics.crash_rate;
        assert!(
            rate.is_none_or(|rate| (rate.events, rate.n) == (1, 1)),
            "cut at {cut}"
        );
        if let Some(found) = report.reproductions.first() {
            seen += 1;
            let stopped = Some("the record stops before this was finished");
            let ended = report.reproductions == whole.reproductions;
            assert!(
                ended || found.because.as_deref() == stopped,
                "cut at {cut}: {found:#?}"
            );
        }
        assert!(!render::markdown(&report).is_empty());
        assert!(!render::terminal(&report, false).is_empty());
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn where_nobody_tried_again_there_is_no_such_section() {
    let mut journal = Journal::of(&[(CASE, CASE, &[1])]);
    journal.death(1, CASE, &[1]);
    journal.run_end();
    let report = journal.report();
    assert!(report.reproductions.is_empty());
    assert!(!render::markdown(&report).contains("Tried again"));
}
