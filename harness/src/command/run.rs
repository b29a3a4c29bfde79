//! `crashpoint run`: climbs the rungs, one attempt after another.

use std::time::{Duration, Instant};

use crashpoint_reports::{Event, Outcome};
use crashpoint_scenarios::ladder::{Draft, Rung, WorkKind};

use super::finish::finish;
use crate::cli::{Common, LimitOptions, RunOptions};
use crate::console::{Console, Verbosity};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::session::Session;
use crate::supervise::{LaterImage, Progress, Stdin, Task, TimeLimits};

/// Beyond the time that `burn` was given: opening the device, the last product.
const BURN_SLACK: Duration = Duration::from_secs(120);

pub fn run(options: &RunOptions) -> Result<u8, Failure> {
    check_worker(options)?;
    let plan = Plan::make(options)?;
    let session = Session::begin(&options.common)?;
    session
        .journal
        .append_durably(Event::Plan(plan.record.clone()))
        .map_err(Failure::unfit)?;
    let console = Console::new(
        verbosity(&options.common),
        !options.common.no_progress,
        plan.steps(options.cycles),
    );
    let climb = Climb {
        options,
        plan: &plan,
        session: &session,
        console: &console,
    };
    let climbed = climb.all();
    console.finish();
    let (report, directory) = session.end()?;
    climbed?;
    finish(&options.common, &report, &directory)
}

fn check_worker(options: &RunOptions) -> Result<(), Failure> {
    match &options.worker {
        Some(worker) if !worker.is_file() => Err(Failure::usage(format!(
            "there is no worker {}: build it or correct --worker",
            worker.display()
        ))),
        _ => Ok(()),
    }
}

pub fn verbosity(common: &Common) -> Verbosity {
    match (common.quiet, common.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}

struct Climb<'a> {
    options: &'a RunOptions,
    plan: &'a Plan,
    session: &'a Session,
    console: &'a Console,
}

impl Climb<'_> {
    fn all(&self) -> Result<(), Failure> {
        let mut limits = limits(&self.options.limits);
        // Attempts at a case are counted over the cycles.
        let mut failed_rung: Option<String> = None;
        for cycle in 1..=self.options.cycles {
            for planned in &self.plan.rungs {
                let rung = &planned.rung;
                let drafts = match &planned.cases {
                    Ok(drafts) => drafts,
                    Err(because) => {
                        self.skip(&rung.name, because);
                        continue;
                    }
                };
                for draft in drafts {
                    if let Some(because) = self.stopped(failed_rung.as_deref(), &rung.name) {
                        self.skip(&draft.name, &because);
                        continue;
                    }
                    if self.case(rung, draft, cycle, &mut limits)? != Outcome::Survived {
                        failed_rung.get_or_insert_with(|| rung.name.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// Why nothing more is tried, if so. The rest of a rung that failed still is: which of its
    /// cases fail and which do not is what the rung is for.
    fn stopped(&self, failed_rung: Option<&str>, rung: &str) -> Option<String> {
        if self.session.interrupt.signal().is_some() {
            return Some("the run was interrupted".to_owned());
        }
        let failed = failed_rung.filter(|failed| *failed != rung && !self.options.keep_going)?;
        Some(format!(
            "the rung {failed:?} failed before it; --keep-going goes on"
        ))
    }

    fn skip(&self, case: &str, because: &str) {
        self.session.journal.append(Event::Skipped {
            case: case.to_owned(),
            because: because.to_owned(),
        });
        if self.session.interrupt.signal().is_none() {
            self.console.say(&format!("{case}: skipped, {because}"));
        }
    }

    /// One attempt, or for work that goes by time as many as the time takes.
    fn case(
        &self,
        rung: &Rung,
        draft: &Draft,
        cycle: u32,
        limits: &mut TimeLimits,
    ) -> Result<Outcome, Failure> {
        self.console.case(&draft.name, &rung.title);
        if !Plan::by_time(rung) {
            return self.attempt(rung, draft, cycle, None, limits);
        }
        let began = Instant::now();
        let mut n = cycle;
        loop {
            let left = self.options.duration.saturating_sub(began.elapsed());
            let seconds = left.min(self.options.renew).as_secs_f64();
            let outcome = self.attempt(rung, draft, n, Some(seconds), limits)?;
            n += 1;
            let over = began.elapsed() >= self.options.duration;
            if over
                || outcome != Outcome::Survived && !self.options.keep_going
                || outcome == Outcome::Incomplete
            {
                return Ok(outcome);
            }
        }
    }

    fn attempt(
        &self,
        rung: &Rung,
        draft: &Draft,
        n: u32,
        seconds: Option<f64>,
        limits: &mut TimeLimits,
    ) -> Result<Outcome, Failure> {
        let (attempt, folder) = self.session.next_attempt()?;
        let job = self.plan.job(self.options, rung, draft, n, seconds);
        let (program, arguments) = match &self.options.worker {
            Some(worker) => (worker.into(), Vec::new()),
            None => (
                self.session.executable.clone().into(),
                vec!["worker".into()],
            ),
        };
        let burning = rung.work == WorkKind::Burn;
        let task = Task {
            attempt,
            case: draft.name.clone(),
            n,
            folder,
            program,
            arguments,
            variables: vec![(
                "RAYON_NUM_THREADS".into(),
                self.plan.threads.to_string().into(),
            )],
            stdin: Stdin::Null,
            job: Some(serde_json::to_value(&job).map_err(Failure::harness)?),
            limits: TimeLimits {
                run: burning.then_some(self.options.burn + BURN_SLACK),
                ..*limits
            },
            echo: false,
        };
        let began = Instant::now();
        let measured = std::cell::RefCell::new(&mut *limits);
        let observe = |progress: Progress| {
            if let Progress::Image(image) = &progress
                && let Some(took) = image
                    .seconds
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            {
                measured.borrow_mut().measured(took);
            }
            self.console.see(&progress);
        };
        let finished = self
            .session
            .supervisor(&observe)
            .attempt(&task)
            .map_err(Failure::supervise)?;
        let outcome = finished.outcome();
        self.console.ended(
            &draft.name,
            outcome,
            &finished.ending(),
            began.elapsed().as_secs_f64(),
        );
        if draft.images.is_empty() {
            self.console.step();
        }
        Ok(outcome)
    }
}

fn limits(options: &LimitOptions) -> TimeLimits {
    let defaults = TimeLimits::default();
    TimeLimits {
        load: options.timeout_load.unwrap_or(defaults.load),
        first_image: options.timeout_first_image.unwrap_or(defaults.first_image),
        later_image: options
            .timeout_image
            .map_or(defaults.later_image, LaterImage::Fixed),
        whole: options.timeout,
        ..defaults
    }
}
