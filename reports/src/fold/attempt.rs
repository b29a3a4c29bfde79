//! One attempt while its events come in, and what it comes to.

use std::sync::Arc;

use super::clock::{Instant, seconds};
use super::extremes::{Extremes, raise};
use super::gpus::Watch;
use super::images::Images;
use super::outcome::{Facts, outcome};
use super::phases::Phases;
use crate::device_check::DeviceCheck;
use crate::ending::{Ending, EndingKind};
use crate::event::{AttemptEnd, AttemptStart, Ended, Marker, PlannedImage, Progress, Purpose};
use crate::gathered::Gathered;
use crate::outcome::Outcome;
use crate::protocol::{ImageResult, PhaseDone, WorkerError};
use crate::recovery::Recovery;
use crate::report::{Attempt, CrashPoint};
use crate::sample::Sample;

#[derive(Debug)]
pub struct OpenAttempt {
    pub start: AttemptStart,
    began_us: u64,
    began_mono_us: u64,
    spawned_us: Option<u64>,
    first_message_us: Option<u64>,
    pub pid: Option<i32>,
    said_hello: bool,
    said_done: bool,
    /// The first one decides.
    error: Option<WorkerError>,
    violations: Vec<String>,
    phases: Phases,
    images: Images,
    facts: serde_json::Map<String, serde_json::Value>,
    pub extremes: Extremes,
    pub watch: Watch,
    /// The last one that has the worker in it, and the last of all.
    last_own: Option<Box<Sample>>,
    /// The sample that an image's memory was last taken from.
    image_sample_us: Option<u64>,
    last_any: Option<Box<Sample>>,
    /// When the process was seen to be gone; what it had said by then is still heard.
    ended: Option<(Ended, Instant)>,
    end: Option<(AttemptEnd, Instant)>,
    gathered: Option<Gathered>,
    device_check: Option<DeviceCheck>,
    /// What ended it together with the run, and when the record stopped.
    recovered: Option<(Arc<Recovery>, Instant)>,
}

/// An attempt that is over, with what the report does not carry but its diagnosis needs.
#[derive(Debug)]
pub struct Finished {
    pub case: String,
    pub attempt: Attempt,
    /// Since the run's first record.
    pub began_us: u64,
    pub extremes: Extremes,
    pub watch: Watch,
    pub began_mono_us: u64,
    /// Exit code 0 before its work was done.
    pub left_early: bool,
    pub own_worker: bool,
    pub pid: Option<i32>,
    /// What ended it together with the run.
    pub recovery: Option<Arc<Recovery>>,
}

impl OpenAttempt {
    pub fn new(start: AttemptStart, now: Instant) -> OpenAttempt {
        OpenAttempt {
            start,
            began_us: now.at_us,
            began_mono_us: now.mono_us,
            spawned_us: None,
            first_message_us: None,
            pid: None,
            said_hello: false,
            said_done: false,
            error: None,
            violations: Vec::new(),
            phases: Phases::default(),
            images: Images::default(),
            facts: serde_json::Map::new(),
            extremes: Extremes::default(),
            watch: Watch::default(),
            last_own: None,
            image_sample_us: None,
            last_any: None,
            ended: None,
            end: None,
            gathered: None,
            device_check: None,
            recovered: None,
        }
    }

    pub fn is_over(&self) -> bool {
        self.end.is_some() || self.recovered.is_some()
    }

    /// The run ended under it, when the record stopped.
    pub fn recovered(&mut self, recovery: &Arc<Recovery>, stopped: Instant) {
        // One that was seen to be gone had its own ending.
        if self.ended.is_none() {
            self.recovered
                .get_or_insert_with(|| (Arc::clone(recovery), stopped));
        }
    }

    /// Whether it had begun at this time, by the clock of its boot.
    pub fn had_begun(&self, mono_us: u64) -> bool {
        self.began_mono_us <= mono_us
    }

    /// Whether it is part of what the run was asked to do.
    pub fn counts(&self) -> bool {
        self.start.purpose.is_planned() && !self.start.diagnostic
    }

    /// It counts, and its end was no success of its own.
    pub fn ended_badly(&self) -> bool {
        let gone = self.ended.as_ref().map(|(ended, _)| &ended.ending);
        let Some(ending) = gone.or_else(|| self.end.as_ref().map(|(end, _)| &end.ending)) else {
            return false;
        };
        let finished = self.said_done || !(self.start.job || self.said_hello);
        let well = ending.is_success() && finished && self.error.is_none();
        self.counts() && !ending.interrupted && !well
    }

    fn since_began(&self, now: Instant) -> u64 {
        now.at_us.saturating_sub(self.began_us)
    }

    pub fn spawned(&mut self, pid: i32, now: Instant) {
        self.pid = Some(pid);
        self.spawned_us = Some(now.at_us);
    }

    pub fn hello(&mut self, now: Instant) {
        self.said_hello = true;
        self.first_message_us.get_or_insert(now.at_us);
    }

    pub fn marker(&mut self, marker: Marker, now: Instant) {
        self.images.marker(&marker);
        self.phases.begin(marker, self.since_began(now));
    }

    pub fn phase_end(&mut self, done: &PhaseDone, now: Instant) {
        self.phases.end(done, self.since_began(now));
    }

    pub fn progress(&mut self, progress: Progress, now: Instant) {
        self.phases.progress(progress, self.since_began(now));
    }

    pub fn image(&mut self, result: ImageResult) {
        // One sample cannot speak for two images: memory would look flat where nobody looked.
        let seen_us = self.image_sample_us;
        let sample = self.last_own.as_deref();
        let sample = sample.filter(|sample| seen_us != Some(sample.mono_us));
        let sampled = sample.and_then(|sample| sample.worker.as_ref()?.rss_bytes);
        self.image_sample_us = self.last_own.as_ref().map(|sample| sample.mono_us);
        self.images.result(result, sampled);
    }

    pub fn facts(&mut self, facts: impl IntoIterator<Item = (String, serde_json::Value)>) {
        self.facts.extend(facts);
    }

    pub fn error(&mut self, error: WorkerError) {
        self.error.get_or_insert(error);
    }

    pub fn done(&mut self) {
        self.said_done = true;
    }

    pub fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    pub fn ended(&mut self, ended: Ended, now: Instant) {
        self.ended.get_or_insert((ended, now));
    }

    /// When it ended, as far as that was recorded.
    fn ended_at(&self) -> Option<Instant> {
        let gone = self.ended.as_ref().map(|(_, at)| *at);
        gone.or_else(|| self.end.as_ref().map(|(_, at)| *at))
    }

    pub fn end(&mut self, end: AttemptEnd, now: Instant) {
        self.end.get_or_insert((end, now));
    }

    /// Comes after the end.
    pub fn gathered(&mut self, gathered: Gathered) {
        self.gathered.get_or_insert(gathered);
    }

    /// Comes after the end, too.
    pub fn device_check(&mut self, check: DeviceCheck) {
        self.device_check.get_or_insert(check);
    }

    /// Samples reach the journal in blocks, so that some come after the end they were taken before.
    pub fn sample(&mut self, sample: &Sample) {
        let is_late = self
            .ended_at()
            .is_some_and(|at| sample.mono_us > at.mono_us);
        // Another boot gives the same pids again.
        if is_late || self.recovered.is_some() {
            return;
        }
        self.extremes.see(sample);
        self.watch.see(sample);
        let own = sample
            .worker
            .as_ref()
            .is_some_and(|worker| Some(worker.pid) == self.pid);
        let last = if own {
            &mut self.last_own
        } else {
            &mut self.last_any
        };
        match last {
            Some(last) => last.as_mut().clone_from(sample),
            None => *last = Some(Box::new(sample.clone())),
        }
    }

    /// `now_us` is the time of the last record there is.
    pub fn finish(mut self, now_us: u64, plan: &[PlannedImage]) -> Finished {
        let ended_at = self.ended_at();
        let (spawn_error, limit, usage, stdout, stderr, left_behind, threads, ending);
        match self.end.take() {
            Some((end, _)) => {
                ending = end.ending;
                spawn_error = end.spawn_error;
                limit = end.limit;
                usage = end.usage;
                (stdout, stderr) = (Some(end.stdout), Some(end.stderr));
                (left_behind, threads) = (end.left_behind, end.threads);
            }
            None => {
                // The supervisor may have died between the two records of one ending.
                let ended = self.ended.take().map(|(ended, _)| ended);
                let with_the_run = match &self.recovered {
                    Some((recovery, _)) if recovery.ended_by.is_of_machine() => {
                        EndingKind::MachineGone
                    }
                    _ => EndingKind::Unreported,
                };
                (ending, limit, usage) = ended
                    .map_or((Ending::of(with_the_run), None, None), |ended| {
                        (ended.ending, ended.limit, ended.usage)
                    });
                (spawn_error, stdout, stderr) = (None, None, None);
                (left_behind, threads) = (Vec::new(), Vec::new());
            }
        }
        let facts = Facts {
            ending: &ending,
            spawn_failed: spawn_error.is_some(),
            job: self.start.job,
            said_hello: self.said_hello,
            said_done: self.said_done,
            said_error: self.error.is_some(),
            shut_down: ending.kind == EndingKind::MachineGone
                && self
                    .recovered
                    .as_ref()
                    .is_some_and(|(recovery, _)| recovery.ended_by.is_somebodys_doing()),
        };
        let outcome = outcome(&facts);
        let left_early = facts.left_early();
        let stopped = self.recovered.as_ref().map(|(_, at)| *at);
        let lasted_us = ended_at
            .or(stopped)
            .map_or(now_us, |at| at.at_us)
            .saturating_sub(self.began_us);
        if outcome == Outcome::Survived {
            self.phases.end_those_of_the_supervisor(lasted_us);
        }
        let crash_point =
            (outcome != Outcome::Survived).then(|| self.crash_point(&ending, ended_at, plan));
        let images = self.images.settle(outcome, plan);
        let mut peak_rss_bytes = self.extremes.rss_max_bytes;
        raise(&mut peak_rss_bytes, usage.map(|usage| usage.max_rss_bytes));
        for image in &images {
            raise(&mut peak_rss_bytes, image.rss_bytes);
        }
        let start_seconds = self
            .first_message_us
            .zip(self.spawned_us)
            .map(|(message, spawned)| seconds(message.saturating_sub(spawned)));
        let attempt = Attempt {
            n: self.start.n,
            number: self.start.attempt,
            folder: self.start.folder,
            command: self.start.command,
            gpu: self.start.gpu,
            purpose: match self.start.purpose {
                Purpose::Planned if self.start.diagnostic => Purpose::Diagnostic,
                purpose => purpose,
            },
            diagnostic: self.start.diagnostic || self.start.purpose == Purpose::Diagnostic,
            again: self.start.again,
            variation: self.start.variation,
            outcome,
            ending,
            limit,
            spawn_error,
            error: self.error,
            said_done: (self.start.job || self.said_hello).then_some(self.said_done),
            verdict: None,
            signature: None,
            crash_point,
            seconds: seconds(lasted_us),
            start_seconds,
            phases: self.phases.into_records(),
            images,
            facts: self.facts,
            peak_rss_bytes: peak_rss_bytes.filter(|&bytes| bytes > 0),
            usage,
            stdout,
            stderr,
            left_behind,
            threads,
            violations: self.violations,
            gathered: self.gathered,
            device_check: self.device_check,
        };
        Finished {
            case: self.start.case,
            attempt,
            began_us: self.began_us,
            extremes: self.extremes,
            watch: self.watch,
            began_mono_us: self.began_mono_us,
            left_early,
            own_worker: self.start.job,
            pid: self.pid,
            recovery: self.recovered.map(|(recovery, _)| recovery),
        }
    }

    fn crash_point(
        &self,
        ending: &Ending,
        ended_at: Option<Instant>,
        plan: &[PlannedImage],
    ) -> CrashPoint {
        let under_way = self.phases.under_way(self.said_done);
        // A phase may outlast the result of its image: then it is not the image that was under way.
        let had_image = under_way.image.is_some();
        let image = under_way.image.filter(|at| self.images.is_begun(at));
        let planned = image.as_ref().and_then(|at| super::planned(plan, at.index));
        let last_sample = self.last_own.as_deref().or(self.last_any.as_deref());
        // An ending that was found out later, after another boot perhaps, has no age to tell.
        let seen = !matches!(
            ending.kind,
            EndingKind::MachineGone | EndingKind::Unreported
        );
        let age = last_sample
            .zip(ended_at.filter(|_| seen))
            .map(|(sample, at)| seconds(at.mono_us.saturating_sub(sample.mono_us)));
        let inside = under_way
            .inside
            .filter(|_| image.is_some() || !had_image)
            .unwrap_or_default();
        CrashPoint {
            case: self.start.case.clone(),
            attempt: self.start.n,
            image: image.as_ref().map(|at| at.index),
            position: image.as_ref().map(|at| at.position),
            file: image
                .as_ref()
                .and_then(|at| at.file.clone())
                .or_else(|| planned.map(|planned| planned.file.clone())),
            sha256: planned.and_then(|planned| planned.sha256.clone()),
            phase: under_way.phase,
            signature: None,
            token: inside.token,
            layer: inside.layer,
            step: inside.step,
            allocated_bytes: inside.allocated_bytes,
            last_sample: last_sample.cloned(),
            last_sample_age_seconds: age,
            record_ends_seconds: self
                .recovered
                .as_ref()
                .zip(under_way.heard_us)
                .map(|((_, at), heard_us)| seconds(self.since_began(*at).saturating_sub(heard_us))),
        }
    }
}
