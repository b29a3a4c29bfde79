//! `crashpoint run`: climbs the rungs, one attempt after another.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crashpoint_probes::cgroup::Limits;
use crashpoint_reports::environment;
use crashpoint_reports::lint::Severity;
use crashpoint_reports::past::{Past, Turn};
use crashpoint_reports::triage::Step;
use crashpoint_reports::{Event, Outcome, Report};
use crashpoint_scenarios::ladder::{Draft, Rung, WorkKind};

use super::finish::{finish, print};
use super::parallel;
use super::triage::{self, Triage};
use crate::again;
use crate::auto_resume::Installation;
use crate::between::Between;
use crate::cli::{Common, LimitOptions, RunOptions, Switch};
use crate::console::{Console, Verbosity};
use crate::exit_code;
use crate::failure::Failure;
use crate::plan::{Plan, Trial};
use crate::preflight;
use crate::run_directory::{self, RunDirectory};
use crate::runs_on::{self, RunsOn};
use crate::session::Session;
use crate::supervise::{LaterImage, Progress, Reason, Stdin, Task, TimeLimits};

/// Beyond the time that `burn` was given: opening the device, the last product.
const BURN_SLACK: Duration = Duration::from_secs(120);

pub fn run(options: &RunOptions) -> Result<u8, Failure> {
    let prepared = Prepared::of(options)?;
    let common = &options.common;
    if options.parallel == Switch::On && options.devices.is_some() {
        return parallel::run(&prepared.devices(), common.json);
    }
    let name = run_directory::new_name();
    let installed = match Installation::wanted(&options.after_reset, &common.out.join(&name))? {
        None => None,
        Some(unit) if options.after_reset.print_unit => {
            print(&unit.text)?;
            return Ok(exit_code::OK);
        }
        Some(unit) => Some(unit.agreed(options.after_reset.yes)?.install()?),
    };
    let directory = match &installed {
        // The unit names it already.
        Some(_) => RunDirectory::create_as(&common.out, &name),
        None => RunDirectory::create(&common.out),
    };
    let directory = directory.map_err(|error| Failure::write(&common.out, &error))?;
    let session = Session::begin_in(common, directory, Some(prepared.facts()))?;
    session
        .journal
        .append_durably(Event::Plan(prepared.plan.record.clone()))
        .map_err(Failure::unfit)?;
    prepared.look_before(&session);
    let (report, directory) = prepared.climb(session, Past::default(), 0)?;
    if let Some(installed) = installed {
        installed.remove_unless_going_down(report.run.interrupted_by);
    }
    finish(common, &report, &directory)
}

/// Everything that can be found wrong before anything is recorded.
pub(super) struct Prepared {
    options: RunOptions,
    pub plan: Plan,
    places: Vec<Place>,
    group: Option<Limits>,
}

/// One device of the run.
struct Place {
    /// With this device alone.
    options: RunOptions,
    runs_on: RunsOn,
}

impl Prepared {
    pub fn of(options: &RunOptions) -> Result<Prepared, Failure> {
        let worker = options.worker.as_deref();
        let chosen = match &options.devices {
            Some(devices) => runs_on::decide_all(devices, worker)?,
            None => vec![runs_on::decide(&options.device, worker)?],
        };
        let labels: Vec<&str> = chosen.iter().map(|it| it.label.as_str()).collect();
        let plan = Plan::make(options, &labels)?;
        let places = chosen.into_iter().map(|runs_on| Place {
            options: RunOptions {
                device: runs_on.label.clone(),
                devices: None,
                ..options.clone()
            },
            runs_on,
        });
        let needs = options
            .inject
            .as_ref()
            .map(|it| it.fault.expectation().needs);
        Ok(Prepared {
            group: options.isolation.group(&needs.unwrap_or_default())?,
            plan,
            places: places.collect(),
            options: options.clone(),
        })
    }

    fn devices(&self) -> Vec<String> {
        let places = self.places.iter();
        places.map(|it| it.runs_on.label.clone()).collect()
    }

    /// What was chosen, for the record.
    pub fn facts(&self) -> environment::RunsOn {
        let device = self.devices().join(",");
        let first = self.places.first().map(|it| it.runs_on.facts());
        environment::RunsOn {
            device,
            ..first.unwrap_or_default()
        }
    }

    /// Says and records what is known to go wrong.
    fn look_before(&self, session: &Session) {
        let on_gpu = self.places.iter().any(|place| place.runs_on.is_gpu());
        let seen = preflight::seen(self.plan.folder(), on_gpu);
        if seen.is_empty() {
            return;
        }
        if !self.options.common.quiet {
            for finding in seen.iter().filter(|it| it.severity < Severity::Note) {
                let severity: &str = finding.severity.into();
                eprintln!(
                    "crashpoint: {severity}: {}: {} (crashpoint explain {})",
                    finding.file, finding.message, finding.rule
                );
            }
        }
        session.journal.append(Event::Preflight(seen));
    }

    /// What the plan says and is not done yet, to the end of the record. A case in whose midst the
    /// supervisor or the machine went away is tried again up to `retry` times.
    pub fn climb(
        &self,
        session: Session,
        past: Past,
        retry: u32,
    ) -> Result<(Report, PathBuf), Failure> {
        let options = &self.options;
        let console = Console::new(
            verbosity(&options.common),
            !options.common.no_progress,
            self.plan.steps(options.cycles),
        );
        let check = options.limits.timeout_check;
        let places = self.places.iter().map(|place| OnPlace {
            options: &place.options,
            runs_on: &place.runs_on,
            between: Between::begin(&place.runs_on, &session, check),
        });
        let climb = Climb {
            places: places.collect(),
            options,
            plan: &self.plan,
            session: &session,
            console: &console,
            limits: RefCell::new(limits(&options.limits)),
            group: self.group,
            without_triage: past.without_triage(),
            past: RefCell::new(past),
            retry,
            tried: RefCell::default(),
        };
        session.junit.renew();
        let climbed = climb.all();
        console.finish();
        let climbed = climbed.and_then(|()| climb.triage());
        let ended = session.end()?;
        climbed?;
        Ok(ended)
    }
}

pub fn verbosity(common: &Common) -> Verbosity {
    match (common.quiet, common.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}

/// A device while the run goes on.
struct OnPlace<'a> {
    options: &'a RunOptions,
    runs_on: &'a RunsOn,
    /// Where it is a GPU.
    between: Option<Between<'a>>,
}

impl OnPlace<'_> {
    /// Why nothing more can be run here, if so.
    fn lost(&self) -> Option<String> {
        self.between.as_ref().and_then(Between::lost)
    }
}

struct Climb<'a> {
    options: &'a RunOptions,
    plan: &'a Plan,
    session: &'a Session,
    places: Vec<OnPlace<'a>>,
    console: &'a Console,
    limits: RefCell<TimeLimits>,
    group: Option<Limits>,
    /// What an earlier process did of it.
    past: RefCell<Past>,
    without_triage: HashMap<String, Option<String>>,
    retry: u32,
    /// How often each case has been tried.
    tried: RefCell<HashMap<String, u32>>,
}

impl Climb<'_> {
    fn all(&self) -> Result<(), Failure> {
        // What fails on one device is no reason to leave out another.
        let mut failed_by_place: Vec<Option<(u32, &str)>> = vec![None; self.places.len()];
        for cycle in 1..=self.options.cycles {
            for planned in &self.plan.rungs {
                let rung = &planned.rung;
                let here = self.places.get(planned.place);
                let failed = failed_by_place.get_mut(planned.place);
                let (Some(here), Some(failed)) = (here, failed) else {
                    continue;
                };
                let drafts = match &planned.cases {
                    Ok(drafts) => drafts,
                    Err(because) => {
                        if self.past.borrow_mut().turn(&planned.name) == Turn::ToCome {
                            self.skip(&planned.name, because);
                        }
                        continue;
                    }
                };
                for draft in drafts {
                    let (turn, filled) = self.turn(rung, draft);
                    match turn {
                        Turn::Over(Outcome::Survived) | Turn::Skipped => continue,
                        Turn::Over(_) => {
                            failed.get_or_insert((cycle, &rung.name));
                            continue;
                        }
                        Turn::Cut { times } if times > self.retry => {
                            self.past.borrow_mut().quarantine(&draft.name);
                            self.skip(&draft.name, &quarantined(times));
                            continue;
                        }
                        Turn::Quarantined => {
                            self.skip(&draft.name, &quarantined(1));
                            continue;
                        }
                        Turn::Cut { .. } | Turn::ToCome => {}
                    }
                    if let Some(because) = self.stopped(here, *failed, (cycle, &rung.name)) {
                        self.skip(&draft.name, &because);
                        continue;
                    }
                    if self.case(here, rung, draft, filled)? != Outcome::Survived {
                        failed.get_or_insert((cycle, &rung.name));
                    }
                }
            }
        }
        Ok(())
    }

    /// What has become of a case, and how much of its time was filled, if it goes by time.
    fn turn(&self, rung: &Rung, draft: &Draft) -> (Turn, Duration) {
        let mut past = self.past.borrow_mut();
        if !Plan::by_time(rung) {
            return (past.turn(&draft.name), Duration::ZERO);
        }
        let seconds = self.options.duration.as_secs_f64();
        let (turn, filled) = past.turn_by_time(&draft.name, seconds, self.options.keep_going);
        (
            turn,
            Duration::try_from_secs_f64(filled).unwrap_or_default(),
        )
    }

    /// Why nothing more is tried, if so. The rest of a rung that failed still is: which of its
    /// cases fail and which do not is what the rung is for.
    fn stopped(
        &self,
        here: &OnPlace<'_>,
        failed: Option<(u32, &str)>,
        now: (u32, &str),
    ) -> Option<String> {
        if self.session.interrupt.signal().is_some() {
            return Some("the run was interrupted".to_owned());
        }
        if let Some(because) = here.lost() {
            return Some(because);
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
    fn case(
        &self,
        here: &OnPlace<'_>,
        rung: &Rung,
        draft: &Draft,
        filled: Duration,
    ) -> Result<Outcome, Failure> {
        self.console.case(&draft.name, &rung.title);
        if !Plan::by_time(rung) {
            return self.attempt(here, (rung, draft), None, None);
        }
        let began = Instant::now();
        let wanted = self.options.duration.saturating_sub(filled);
        loop {
            let left = wanted.saturating_sub(began.elapsed());
            let seconds = left.min(self.options.renew).as_secs_f64();
            let outcome = self.attempt(here, (rung, draft), Some(seconds), None)?;
            let over = began.elapsed() >= wanted;
            if over
                || outcome != Outcome::Survived && !self.options.keep_going
                || outcome == Outcome::Incomplete
                || here.lost().is_some()
            {
                return Ok(outcome);
            }
        }
    }

    fn attempt(
        &self,
        here: &OnPlace<'_>,
        (rung, draft): (&Rung, &Draft),
        seconds: Option<f64>,
        step: Option<&Step>,
    ) -> Result<Outcome, Failure> {
        let n = {
            let mut tried = self.tried.borrow_mut();
            let before = || self.past.borrow().tried(&draft.name);
            let n = tried.entry(draft.name.clone()).or_insert_with(before);
            *n += 1;
            *n
        };
        let (attempt, folder) = self.session.next_attempt()?;
        let mut reason = step.map_or_else(Reason::default, |step| triage::reason(step, &folder));
        let trial = Trial {
            rung,
            n,
            images: reason.variation.images.as_deref().unwrap_or(&draft.images),
            max_new_tokens: reason.variation.max_new_tokens,
            seconds,
        };
        let job = self.plan.job(here.options, &here.runs_on.device, &trial);
        reason.again = again::command_line(here.options, self.plan, &trial);
        let mut variables: Vec<(OsString, OsString)> = vec![(
            "RAYON_NUM_THREADS".into(),
            self.plan.threads.to_string().into(),
        )];
        variables.extend(here.runs_on.variables());
        variables.extend(triage::variables(&reason));
        let (program, arguments) = here.runs_on.worker(&self.session.executable);
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
            gpu: here.between.as_ref().and_then(Between::gpu),
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
        self.session.junit.renew();
        self.limits.borrow_mut().later_image = finished.later_image;
        if let Some(between) = &here.between
            && self.session.interrupt.signal().is_none()
        {
            between.after(attempt, &draft.name)?;
        }
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
            without: &self.without_triage,
            stop: &|case| self.place_of(case)?.lost(),
            say: &|line| self.console.say(line),
            attempt: &|case, step| self.once_more(case, step),
        };
        triage.all()
    }

    fn place_of(&self, case: &str) -> Option<&OnPlace<'_>> {
        let planned = self.plan.rungs.iter().find(|planned| {
            let mut drafts = planned.cases.iter().flatten();
            drafts.any(|draft| draft.name == case)
        });
        self.places.get(planned?.place)
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
            if let Some(here) = self.places.get(planned.place) {
                self.attempt(here, (&planned.rung, draft), seconds, Some(step))?;
            }
            return Ok(());
        }
        Ok(())
    }
}

/// Why a case that was cut off is not tried again.
fn quarantined(times: u32) -> String {
    let attempts = match times {
        0 | 1 => "an attempt at it".to_owned(),
        _ => format!("{times} attempts at it"),
    };
    format!("the supervisor or the machine went away during {attempts} (--retry)")
}

fn limits(options: &LimitOptions) -> TimeLimits {
    let defaults = TimeLimits::default();
    TimeLimits {
        load: options.timeout_load.unwrap_or(defaults.load),
        warmup: options.timeout_warmup.unwrap_or(defaults.warmup),
        first_image: options.timeout_first_image.unwrap_or(defaults.first_image),
        later_image: options
            .timeout_image
            .map_or(defaults.later_image, LaterImage::Fixed),
        whole: options.timeout,
        ..defaults
    }
}
