//! `crashpoint run`: climbs the rungs, one attempt after another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use crashpoint_probes::cgroup::Limits;
use crashpoint_reports::triage::Step;
use crashpoint_reports::{Event, Outcome};
use crashpoint_scenarios::ladder::{Draft, Rung, WorkKind};

use super::finish::finish;
use super::triage::{self, Triage};
use crate::again;
use crate::cli::{Common, LimitOptions, RunOptions};
use crate::console::{Console, Verbosity};
use crate::failure::Failure;
use crate::plan::{Plan, Trial};
use crate::session::Session;
use crate::supervise::{LaterImage, Progress, Reason, Stdin, Task, TimeLimits};

/// Beyond the time that `burn` was given: opening the device, the last product.
const BURN_SLACK: Duration = Duration::from_secs(120);

pub fn run(options: &RunOptions) -> Result<u8, Failure> {
    check_worker(options.worker.as_deref())?;
    let needs = options
        .inject
        .as_ref()
        .map(|it| it.fault.expectation().needs);
    let group = options.isolation.group(&needs.unwrap_or_default())?;
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
        limits: RefCell::new(limits(&options.limits)),
        group,
        tried: RefCell::default(),
    };
    let climbed = climb.all();
    console.finish();
    let climbed = climbed.and_then(|()| climb.triage());
    let (report, directory) = session.end()?;
    climbed?;
    finish(&options.common, &report, &directory)
}

pub(super) fn check_worker(worker: Option<&Path>) -> Result<(), Failure> {
    match worker {
        Some(worker) if !worker.is_file() => Err(Failure::usage(format!(
            "there is no worker {}: build it or correct --worker",
            worker.display()
        ))),
        _ => Ok(()),
    }
}

/// The program and its arguments: this executable unless another one is named.
pub(super) fn worker(named: Option<&Path>, session: &Session) -> (OsString, Vec<OsString>) {
    match named {
        Some(worker) => (worker.into(), Vec::new()),
        None => (session.executable.clone().into(), vec!["worker".into()]),
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
    limits: RefCell<TimeLimits>,
    group: Option<Limits>,
    /// How often each case has been tried.
    tried: RefCell<HashMap<String, u32>>,
}

impl Climb<'_> {
    fn all(&self) -> Result<(), Failure> {
        let mut failed: Option<(u32, &str)> = None;
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
                    if let Some(because) = self.stopped(failed, (cycle, &rung.name)) {
                        self.skip(&draft.name, &because);
                        continue;
                    }
                    if self.case(rung, draft)? != Outcome::Survived {
                        failed.get_or_insert((cycle, &rung.name));
                    }
                }
            }
        }
        Ok(())
    }

    /// Why nothing more is tried, if so. The rest of a rung that failed still is: which of its
    /// cases fail and which do not is what the rung is for.
    fn stopped(&self, failed: Option<(u32, &str)>, now: (u32, &str)) -> Option<String> {
        if self.session.interrupt.signal().is_some() {
            return Some("the run was interrupted".to_owned());
        }
        let (_, rung) = failed.filter(|&rung| rung != now && !self.options.keep_going)?;
        Some(format!(
            "the rung {rung:?} failed before it; --keep-going goes on"
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
    fn case(&self, rung: &Rung, draft: &Draft) -> Result<Outcome, Failure> {
        self.console.case(&draft.name, &rung.title);
        if !Plan::by_time(rung) {
            return self.attempt(rung, draft, None, None);
        }
        let began = Instant::now();
        loop {
            let left = self.options.duration.saturating_sub(began.elapsed());
            let seconds = left.min(self.options.renew).as_secs_f64();
            let outcome = self.attempt(rung, draft, Some(seconds), None)?;
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
        seconds: Option<f64>,
        step: Option<&Step>,
    ) -> Result<Outcome, Failure> {
        let n = self
            .tried
            .borrow()
            .get(&draft.name)
            .map_or(1, |before| before + 1);
        self.tried.borrow_mut().insert(draft.name.clone(), n);
        let (attempt, folder) = self.session.next_attempt()?;
        let mut reason = step.map_or_else(Reason::default, |step| triage::reason(step, &folder));
        let trial = Trial {
            rung,
            n,
            images: reason.variation.images.as_deref().unwrap_or(&draft.images),
            max_new_tokens: reason.variation.max_new_tokens,
            seconds,
        };
        let job = self.plan.job(self.options, &trial);
        reason.again = again::command_line(self.options, self.plan, &trial);
        let mut variables: Vec<(OsString, OsString)> = vec![(
            "RAYON_NUM_THREADS".into(),
            self.plan.threads.to_string().into(),
        )];
        variables.extend(triage::variables(&reason));
        let (program, arguments) = worker(self.options.worker.as_deref(), self.session);
        let burning = rung.work == WorkKind::Burn;
        let task = Task {
            attempt,
            case: draft.name.clone(),
            n,
            reason,
            folder,
            program,
            arguments,
            variables,
            stdin: Stdin::Null,
            job: Some(serde_json::to_value(&job).map_err(Failure::harness)?),
            limits: TimeLimits {
                run: burning.then_some(self.options.burn + BURN_SLACK),
                ..*self.limits.borrow()
            },
            group: self.group,
            echo: false,
        };
        let began = Instant::now();
        let observe = |progress: Progress| {
            // The bar counts what was planned, and is gone by then.
            if step.is_none() {
                self.console.see(&progress);
            }
        };
        let finished = self
            .session
            .supervisor(&observe)
            .attempt(&task)
            .map_err(Failure::supervise)?;
        self.limits.borrow_mut().later_image = finished.later_image;
        let outcome = finished.outcome();
        if step.is_some() {
            return Ok(outcome);
        }
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

impl Climb<'_> {
    /// When all that was planned is done, so that what was planned is not changed by it.
    fn triage(&self) -> Result<(), Failure> {
        let options = &self.options.triage;
        if !options.is_on() || self.session.interrupt.signal().is_some() {
            return Ok(());
        }
        let triage = Triage {
            session: self.session,
            bounds: options.bounds,
            say: &|line| self.console.say(line),
            attempt: &|case, step| self.once_more(case, step),
        };
        triage.all()
    }

    fn once_more(&self, case: &str, step: &Step) -> Result<(), Failure> {
        for planned in &self.plan.rungs {
            let drafts = planned.cases.iter().flatten();
            let Some(draft) = drafts.clone().find(|draft| draft.name == case) else {
                continue;
            };
            // Fewer images are a list to go through, not a time to fill.
            let as_planned = step.variation.images.is_none();
            let seconds = (as_planned && Plan::by_time(&planned.rung))
                .then(|| self.options.renew.min(self.options.duration).as_secs_f64());
            self.attempt(&planned.rung, draft, seconds, Some(step))?;
            return Ok(());
        }
        Ok(())
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
