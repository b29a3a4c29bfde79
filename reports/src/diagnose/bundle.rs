//! The evidence bundle: all that a rule may look at.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::bystander::{Own, is_about_another, may_have_lost_a_child};
use super::nvml;
use super::scan::Scan;
use super::sighting::Sightings;
use super::source::Source;
use crate::ending::Ending;
use crate::event::{Settings, ThreadState};
use crate::fold::{Extremes, Finished};
use crate::gathered::{CgroupCounters, Crash, Gathered};
use crate::phase::Phase;
use crate::protocol::WorkerError;
use crate::recovery::Recovery;
use crate::sample::Sample;
use crate::signal::SIGKILL;

/// Everything is optional: a verdict can be asked for with nothing but a log.
#[derive(Debug, Clone, Default)]
pub struct Bundle<'a> {
    pub ending: Option<Ending>,
    /// Somebody saw that it did not go on for so long.
    pub hang_seconds: Option<f64>,
    /// Which limit crashpoint enforced.
    pub limit: Option<&'a str>,
    pub spawn_error: Option<&'a str>,
    /// What the worker said itself.
    pub error: Option<&'a WorkerError>,
    /// It was one of crashpoint's own workers, which name a class only where nothing else fits.
    pub own_worker: bool,
    /// What the logs say.
    pub sightings: Sightings,
    pub phase: Option<&'a Phase>,
    /// As they were found hanging.
    pub threads: &'a [ThreadState],
    /// It left with exit code 0 before it had reported its work as done.
    pub left_early: bool,
    /// Of the process itself.
    pub pid: Option<i32>,
    pub extremes: Option<&'a Extremes>,
    pub last_sample: Option<&'a Sample>,
    pub gathered: Option<&'a Gathered>,
    /// What is known besides, by name.
    pub facts: Cow<'a, Map<String, Value>>,
    /// A fault that was caused on purpose.
    pub inject: Option<&'a str>,
    /// What ended the run under it.
    pub recovery: Option<&'a Recovery>,
}

impl<'a> Bundle<'a> {
    pub fn of(finished: &'a Finished, settings: Option<&'a Settings>) -> Bundle<'a> {
        let attempt = &finished.attempt;
        let mut scan = Scan::new();
        for (source, stream, name) in [
            (Source::Stderr, &attempt.stderr, "stderr"),
            (Source::Stdout, &attempt.stdout, "stdout"),
        ] {
            let notable = attempt.gathered.iter().flat_map(|it| &it.notable);
            let notable = notable.filter(|it| it.stream == name);
            let mut last_notable = 0;
            for line in notable {
                scan.line(source, line.line, &line.text);
                last_notable = last_notable.max(line.line);
            }
            let tail = stream.as_ref().map_or("", |stream| stream.tail.as_str());
            if last_notable == 0 {
                scan.text(source, tail);
            } else {
                scan.last_line_of(source, tail);
            }
        }
        if let Some(recovery) = &finished.recovery {
            scan.lines(Source::PreviousBootLog, &recovery.last_lines);
        }
        let gathered = attempt.gathered.as_ref();
        if let Some(log) = gathered.and_then(|it| it.kernel_log.as_ref()) {
            let own = Own {
                worker_pid: finished.pid.filter(|_| finished.own_worker),
                childless_pid: finished.pid.filter(|_| {
                    let stderr = attempt.stderr.as_ref().map_or("", |it| it.tail.as_str());
                    !finished.own_worker && !may_have_lost_a_child(attempt.ending.code, stderr)
                }),
                killed: attempt.ending.signal == Some(SIGKILL),
                cgroup: gathered.and_then(|it| it.cgroup.as_ref()),
            };
            for (line, number) in log.lines.iter().flat_map(|entry| entry.lines()).zip(1..) {
                if !is_about_another(line, own) {
                    scan.line(Source::KernelLog, number, line);
                }
            }
        }
        for (line, number) in nvml::told_alone(finished).iter().zip(1..) {
            scan.line(Source::Nvml, number, line);
        }
        Bundle {
            ending: Some(attempt.ending),
            hang_seconds: None,
            limit: attempt.limit.as_deref(),
            spawn_error: attempt.spawn_error.as_deref(),
            error: attempt.error.as_ref(),
            own_worker: finished.own_worker,
            sightings: scan.finish(),
            phase: attempt.crash_point.as_ref().map(|point| &point.phase),
            threads: &attempt.threads,
            left_early: finished.left_early,
            pid: finished.pid,
            extremes: Some(&finished.extremes),
            last_sample: attempt
                .crash_point
                .as_ref()
                .and_then(|point| point.last_sample.as_ref()),
            gathered,
            facts: Cow::Borrowed(&attempt.facts),
            inject: settings.and_then(|settings| settings.inject.as_deref()),
            recovery: finished.recovery.as_deref(),
        }
    }

    pub fn cgroup(&self) -> Option<&CgroupCounters> {
        self.gathered?.cgroup.as_ref()
    }

    pub fn crash(&self) -> Option<&Crash> {
        self.gathered?.crash.as_ref()
    }
}
