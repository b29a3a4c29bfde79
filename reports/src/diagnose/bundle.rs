//! The evidence bundle: all that a rule may look at.

use crate::ending::Ending;
use crate::event::{Settings, ThreadState};
use crate::fold::{Extremes, Finished};
use crate::phase::Phase;
use crate::protocol::WorkerError;

/// Everything is optional: a verdict can be asked for with nothing but a log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bundle<'a> {
    pub ending: Option<&'a Ending>,
    /// Which limit crashpoint enforced.
    pub limit: Option<&'a str>,
    pub spawn_error: Option<&'a str>,
    /// What the worker said itself.
    pub error: Option<&'a WorkerError>,
    /// It was one of crashpoint's own workers, which name a class only where nothing else fits.
    pub own_worker: bool,
    /// The last lines of each stream.
    pub stderr: Option<&'a str>,
    pub stdout: Option<&'a str>,
    pub phase: Option<&'a Phase>,
    /// As they were found hanging.
    pub threads: &'a [ThreadState],
    /// It left with exit code 0 before it had reported its work as done.
    pub left_early: bool,
    pub extremes: Option<&'a Extremes>,
    /// A fault that was caused on purpose.
    pub inject: Option<&'a str>,
}

impl<'a> Bundle<'a> {
    pub fn of(finished: &'a Finished, settings: Option<&'a Settings>) -> Bundle<'a> {
        let attempt = &finished.attempt;
        Bundle {
            ending: Some(&attempt.ending),
            limit: attempt.limit.as_deref(),
            spawn_error: attempt.spawn_error.as_deref(),
            error: attempt.error.as_ref(),
            own_worker: finished.own_worker,
            stderr: attempt.stderr.as_ref().map(|stream| stream.tail.as_str()),
            stdout: attempt.stdout.as_ref().map(|stream| stream.tail.as_str()),
            phase: attempt.crash_point.as_ref().map(|point| &point.phase),
            threads: &attempt.threads,
            left_early: finished.left_early,
            extremes: Some(&finished.extremes),
            inject: settings.and_then(|settings| settings.inject.as_deref()),
        }
    }

    /// The first line of the error output that contains one of these.
    pub fn stderr_line(&self, any_of: &[&str]) -> Option<&'a str> {
        self.stderr?
            .lines()
            .find(|line| any_of.iter().any(|text| line.contains(text)))
            .map(str::trim)
    }
}
