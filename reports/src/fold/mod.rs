//! Events in, a report out: the only way by which a report comes to be.
//!
//! A journal may end at any record, and every fact in the report comes from the records before it.
//! What is kept meanwhile grows with attempts, phases and images, not with samples.

mod attempt;
mod cases;
mod changed_output;
mod clock;
mod crashes;
mod device;
mod extremes;
mod findings;
mod gpu_findings;
mod gpus;
mod images;
mod last_words;
mod measured;
mod observed;
mod outcome;
mod phases;
mod summary;
mod time_line;

use std::collections::HashMap;
use std::sync::Arc;

pub use attempt::Finished;
pub(crate) use clock::utc;
pub use extremes::{Extremes, GpuExtremes};
pub use gpus::{SeenXid, Watched};
pub use outcome::{Facts, outcome};

use crate::diagnose;
use crate::environment::Environment;
use crate::event::{
    AttemptStart, Event, Header, Plan, PlannedImage, Purpose, Record, Settings, Variation, Writer,
};
use crate::gpu::GpuNews;
use crate::lint;
use crate::outcome::Outcome;
use crate::protocol::AllocatorMemory;
use crate::recovery::Recovery;
use crate::report::{Attempt, JournalState, Report, Reproduction, Run, SCHEMA};
use crate::sample::Sample;
use crate::signature::Signature;
use crate::triage;
use attempt::OpenAttempt;
use clock::{Clock, Instant};
use gpus::Watch;

/// The case of an attempt whose beginning is not in the journal.
const LOST_CASE: &str = "(not recorded)";

#[derive(Debug, Default)]
pub struct Fold {
    clock: Clock,
    header: Option<Header>,
    environment: Option<Environment>,
    plan: Option<Plan>,
    attempts: Vec<OpenAttempt>,
    /// Place in `attempts` by the attempt's number, and of the latest attempt with a pid.
    by_number: HashMap<u32, usize>,
    by_pid: HashMap<i32, usize>,
    /// Places in `attempts` of those that are not over.
    open: Vec<usize>,
    /// Attempts whose beginning is not in the journal.
    lost: u32,
    preflight: Vec<lint::Finding>,
    skipped: Vec<(String, String)>,
    triage_ends: Vec<(String, Option<String>)>,
    troubles: Vec<String>,
    interrupted_by: Option<i32>,
    recovery: Option<Arc<Recovery>>,
    /// When the process that wrote before the present one stopped.
    stopped: Option<Instant>,
    last: Option<Instant>,
    ended: Option<u64>,
    extremes: Extremes,
    watch: Watch,
    time_line: time_line::Watch,
    pressure: observed::Pressure,
    allocator: Option<AllocatorMemory>,
}

impl Fold {
    pub fn new() -> Fold {
        Fold::default()
    }

    /// Takes the next record; they come in the order of the journal.
    pub fn push(&mut self, record: Record) {
        let now = self.clock.advance(&record);
        let before = self.last.replace(now);
        // A resumed run goes on after its end.
        self.ended = None;
        match record.event {
            Event::Header(header) => {
                self.stopped = before;
                self.left_open(before.unwrap_or(now));
                if header.writer == Writer::Resume {
                    // What somebody interrupted goes on.
                    self.interrupted_by = None;
                }
                self.header.get_or_insert(header);
            }
            Event::Environment(environment) => {
                self.environment.get_or_insert(*environment);
            }
            // Looked at again by who goes on with the run.
            Event::Preflight(findings) => self.preflight = findings,
            Event::Plan(plan) => {
                self.plan.get_or_insert(plan);
            }
            Event::AttemptStart(start) => self.start(start, now),
            Event::Spawned { attempt, pid } => {
                self.to(attempt, now, |open| open.spawned(pid, now));
                if let Some(&place) = self.by_number.get(&attempt) {
                    self.by_pid.insert(pid, place);
                }
            }
            Event::Hello { attempt, .. } => self.to(attempt, now, |open| open.hello(now)),
            Event::Marker(marker) => {
                self.to(marker.attempt, now, |open| open.marker(marker, now));
            }
            Event::PhaseEnd { attempt, done } => {
                if let Some(memory) = done.memory {
                    self.allocator = Some(self.allocator.unwrap_or_default().peak(memory));
                }
                self.to(attempt, now, |open| open.phase_end(&done, now));
            }
            Event::Image { attempt, result } => {
                self.to(attempt, now, |open| open.image(*result));
            }
            Event::Facts { attempt, facts } => self.to(attempt, now, |open| open.facts(facts)),
            Event::WorkerError { attempt, error } => {
                self.to(attempt, now, |open| open.error(error));
            }
            Event::Done { attempt } => self.to(attempt, now, OpenAttempt::done),
            Event::Progress(progress) => {
                self.to(progress.attempt, now, |open| open.progress(progress, now));
            }
            Event::Samples(samples) => samples.iter().for_each(|sample| self.sample(sample, now)),
            Event::SampleBlock(block) => {
                self.clock.slept(block.asleep_us);
                block.each(|sample| self.sample(sample, now));
            }
            Event::Gpu(news) => self.gpu(news, now),
            Event::Violation { attempt, what } => {
                self.to(attempt, now, |open| open.violation(what));
            }
            Event::Ended(ended) => {
                let attempt = ended.attempt;
                self.to(attempt, now, |open| open.ended(*ended, now));
                self.ended(attempt, now);
            }
            Event::AttemptEnd(end) => {
                let attempt = end.attempt;
                self.to(attempt, now, |open| open.end(*end, now));
                self.ended(attempt, now);
                let attempts = &self.attempts;
                self.open
                    .retain(|&place| attempts.get(place).is_some_and(|it| !it.is_over()));
            }
            Event::Gathered(gathered) => {
                let place = self.by_number.get(&gathered.attempt).copied();
                if let Some(attempt) = place.and_then(|place| self.attempts.get_mut(place)) {
                    attempt.gathered(*gathered);
                }
            }
            Event::DeviceCheck(check) => {
                let place = self.by_number.get(&check.attempt).copied();
                if let Some(attempt) = place.and_then(|place| self.attempts.get_mut(place)) {
                    attempt.device_check(*check);
                }
            }
            Event::TriageEnd { case, because } => self.triage_ends.push((case, because)),
            Event::Skipped { case, because } => self.skipped.push((case, because)),
            Event::Trouble { what } => self.troubles.push(what),
            Event::Interrupted { signal } => {
                self.interrupted_by.get_or_insert(signal);
            }
            Event::RunEnd {} => self.ended = Some(record.wall_us),
            Event::Recovered(recovery) => {
                let recovery = Arc::new(*recovery);
                let stopped = self.stopped.or(before).unwrap_or(now);
                for place in std::mem::take(&mut self.open) {
                    if let Some(open) = self.attempts.get_mut(place) {
                        open.recovered(&recovery, stopped);
                    }
                }
                self.recovery = Some(recovery);
            }
        }
    }

    fn start(&mut self, start: AttemptStart, now: Instant) {
        self.by_number.insert(start.attempt, self.attempts.len());
        self.open.push(self.attempts.len());
        self.attempts.push(OpenAttempt::new(start, now));
    }

    /// Hands on the attempt, unless it is over already. One whose start was lost to damage counts too.
    fn to(&mut self, number: u32, now: Instant, then: impl FnOnce(&mut OpenAttempt)) {
        if !self.by_number.contains_key(&number) {
            self.lost = self.lost.saturating_add(1);
            let n = self.lost;
            self.start(
                AttemptStart {
                    attempt: number,
                    case: LOST_CASE.to_owned(),
                    n,
                    diagnostic: false,
                    purpose: Purpose::Planned,
                    variation: Variation::default(),
                    again: Vec::new(),
                    gpu: None,
                    folder: String::new(),
                    command: Vec::new(),
                    job: false,
                },
                now,
            );
        }
        let place = self.by_number.get(&number).copied();
        if let Some(open) = place.and_then(|place| self.attempts.get_mut(place))
            && !open.is_over()
        {
            then(open);
        }
    }

    /// Belongs to the attempts that were under way, else to the last one before: what is told of a
    /// death comes after it.
    fn gpu(&mut self, mut news: GpuNews, now: Instant) {
        let before = self.watch.counters(&news.uuid).cloned();
        let had_begun = |place: &usize| {
            let attempt = self.attempts.get(*place);
            attempt.is_some_and(|attempt| attempt.had_begun(news.mono_us))
        };
        let mut places: Vec<usize> = self.open.iter().copied().filter(had_begun).collect();
        if places.is_empty() {
            places.extend((0..self.attempts.len()).rev().find(had_begun));
        }
        for place in places {
            if let Some(attempt) = self.attempts.get_mut(place) {
                attempt.watch.hear(&news, before.as_ref());
            }
        }
        let ago_us = now.mono_us.saturating_sub(news.mono_us);
        news.mono_us = now.at_us.saturating_sub(ago_us);
        self.watch.hear(&news, before.as_ref());
    }

    /// Looks closer at the last seconds of one that ended badly.
    fn ended(&mut self, number: u32, now: Instant) {
        let place = self.by_number.get(&number).copied();
        let attempt = place.and_then(|place| self.attempts.get(place));
        if attempt.is_some_and(OpenAttempt::ended_badly) {
            self.time_line.ended_badly(number, now.at_us);
        }
    }

    /// Nobody saw the end of those that were under way when the record stopped.
    fn left_open(&mut self, stopped: Instant) {
        for &place in &self.open {
            if let Some(open) = self.attempts.get(place).filter(|it| it.counts()) {
                self.time_line
                    .ended_badly(open.start.attempt, stopped.at_us);
            }
        }
    }

    fn sample(&mut self, sample: &Sample, now: Instant) {
        self.extremes.see(sample);
        self.watch.see(sample);
        self.time_line.sample(sample, now);
        self.pressure.see(sample);
        let pid = sample.worker.as_ref().map(|worker| worker.pid);
        match pid.and_then(|pid| self.by_pid.get(&pid)).copied() {
            Some(place) => {
                if let Some(attempt) = self.attempts.get_mut(place) {
                    attempt.sample(sample);
                }
            }
            None => {
                for &place in &self.open {
                    if let Some(attempt) = self.attempts.get_mut(place) {
                        attempt.sample(sample);
                    }
                }
            }
        }
    }

    pub fn finish(mut self, journal: JournalState) -> Report {
        let now_us = self.clock.now_us();
        if let Some(last) = self.last {
            self.left_open(last);
        }
        let planned_images = self.plan.as_ref().map_or(&[][..], |plan| &plan.images);
        let mut attempts: Vec<Finished> = self
            .attempts
            .into_iter()
            .map(|open| open.finish(now_us, planned_images))
            .collect();
        let settings = self.plan.as_ref().map(|plan| plan.settings.clone());
        let settings = settings.as_ref();
        for finished in &mut attempts {
            let environment = self.environment.as_ref();
            finished.watch.complete(environment, &self.watch);
            finished.attempt.verdict = diagnose::attempt(finished, settings);
            finished.attempt.signature = Signature::of(&finished.attempt);
            if let Some(point) = &mut finished.attempt.crash_point {
                point.signature.clone_from(&finished.attempt.signature);
            }
        }
        let mut statistics = measured::statistics(&attempts);
        let findings = findings::all(&attempts, &statistics, settings, &self.watch);
        for finished in &mut attempts {
            findings::adopt(finished, &findings);
        }
        let reproductions = reproductions(
            &attempts,
            self.plan.as_ref(),
            &triage::Ends {
                known: &self.triage_ends,
                complete: self.ended.is_some(),
            },
        );
        let differential = diagnose::differential(&diagnose::Run {
            attempts: &attempts,
            settings,
            environment: self.environment.as_ref(),
            statistics: &statistics,
            allocator: self.allocator,
            reproductions: &reproductions,
            preflight: &self.preflight,
            command: self
                .header
                .as_ref()
                .map_or(&[][..], |header| &header.command),
        });
        let run = Run {
            id: self
                .header
                .as_ref()
                .map_or_else(|| "unknown".to_owned(), |header| header.run.clone()),
            settings: settings.cloned(),
            configured: self
                .plan
                .as_ref()
                .map(|plan| plan.configured.clone())
                .unwrap_or_default(),
            started: self.clock.started(),
            ended: self.ended.and_then(clock::utc),
            seconds: clock::seconds(now_us),
            slept_seconds: self.clock.slept_seconds(),
            complete: self.ended.is_some(),
            interrupted_by: self.interrupted_by,
            troubles: self.troubles,
            header: self.header,
        };
        let gpus = self
            .watch
            .records(&self.extremes, self.environment.as_ref());
        let crash_points = attempts
            .iter()
            .map(|finished| &finished.attempt)
            .filter(|attempt| attempt.counts() && !attempt.ending.interrupted)
            .filter_map(|attempt| attempt.crash_point.clone())
            .collect();
        let crashes = crashes::crashes(&attempts);
        let time_line = self.time_line.finish(&attempts, now_us);
        let cases = cases::cases(self.plan.as_ref(), attempts, &self.skipped);
        measured::order_like(&mut statistics, &cases);
        let summary = summary::summary(&summary::Sources {
            run: &run,
            cases: &cases,
            findings: &findings,
            extremes: &self.extremes,
            allocator: self.allocator,
            statistics: &statistics,
            recovery: self.recovery.as_deref(),
        });
        Report {
            schema: SCHEMA.to_owned(),
            run,
            environment: self.environment,
            summary,
            cases,
            preflight: self.preflight,
            crash_points,
            crashes,
            reproductions,
            findings,
            statistics,
            observed: observed::observed(&self.extremes, &self.pressure),
            differential,
            gpus,
            time_line,
            recovery: self.recovery.map(Arc::unwrap_or_clone),
            journal,
        }
    }
}

/// Of every case that was looked into after a crash, in the order of the crashes.
fn reproductions(
    attempts: &[Finished],
    plan: Option<&Plan>,
    ends: &triage::Ends<'_>,
) -> Vec<Reproduction> {
    let mut by_case: Vec<(&str, Vec<&Attempt>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for finished in attempts {
        let place = *places.entry(&finished.case).or_insert_with(|| {
            by_case.push((&finished.case, Vec::new()));
            by_case.len() - 1
        });
        if let Some((_, of_case)) = by_case.get_mut(place) {
            of_case.push(&finished.attempt);
        }
    }
    let images: HashMap<&str, &[u32]> = plan
        .into_iter()
        .flat_map(|plan| &plan.cases)
        .map(|case| (case.name.as_str(), case.images.as_slice()))
        .collect();
    let settings = plan.map(|plan| &plan.settings);
    let mut found: Vec<(u32, Reproduction)> = by_case
        .into_iter()
        .filter_map(|(case, attempts)| {
            let images = images.get(case).copied().unwrap_or_default();
            let history = triage::History::of(images, settings, attempts)?;
            let planned = plan.map_or(&[][..], |plan| &plan.images);
            let reproduction = triage::reproduction(case, &history, planned, ends)?;
            Some((history.crash.number, reproduction))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, it)| it).collect()
}

/// The image of the plan with this index: as a rule the plan lists them in order.
pub(crate) fn planned(plan: &[PlannedImage], index: u32) -> Option<&PlannedImage> {
    let is_it = |image: &&PlannedImage| image.index == index;
    let place = (index as usize).checked_sub(1)?;
    plan.get(place)
        .filter(is_it)
        .or_else(|| plan.iter().find(is_it))
}

/// Whether an outcome counts as a crash in a rate.
fn is_crash(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Died | Outcome::Failed)
}

/// Settings under which the same input must give the same output.
fn is_greedy(settings: Option<&Settings>) -> bool {
    settings.is_some_and(|settings| settings.temperature.is_none_or(|it| it == 0.0))
}
