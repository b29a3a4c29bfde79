//! What the probe's threads and their owner share. Nobody holds the lock while reading anything.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crashpoint_reports::environment::GpuFacts;
use crashpoint_reports::{GpuSample, Sample};

use crate::temperature::Temperatures;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stop: bool,
    pub(super) watch: Watch,
    pub(super) border: bool,
    pub(super) latest: Option<Sample>,
    pub(super) temperatures: Temperatures,
    /// Until a sample has taken it.
    pub(super) pss: Option<(Watch, u64)>,
    pub(super) gpu: GpuState,
}

/// Which process is watched. Watching the same pid again counts anew: it may be another process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) pid: Option<i32>,
    pub(super) count: u64,
}

#[derive(Debug, Default)]
pub(super) struct GpuState {
    pub(super) facts: Option<Result<GpuFacts, String>>,
    pub(super) read: Option<(Instant, Vec<GpuSample>)>,
    /// Since when an answer is owed.
    pub(super) owed_since: Option<Instant>,
    /// A phase has begun or ended since the counters were read.
    pub(super) border: bool,
}

/// A reading that is older is none.
const FRESH: Duration = Duration::from_secs(1);

/// To load the driver's library and wake a sleeping GPU takes seconds.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

impl GpuState {
    /// The newest reading and, if the probe does not answer, for how long.
    pub(super) fn at(&self, now: Instant) -> (Vec<GpuSample>, Option<u64>) {
        let age = |then: Instant| now.saturating_duration_since(then);
        let gpus = self.read.as_ref().filter(|(then, _)| age(*then) <= FRESH);
        let patience = if self.facts.is_some() {
            FRESH
        } else {
            FIRST_ANSWER
        };
        let silent = self.owed_since.map(age).filter(|age| *age > patience);
        (
            gpus.map(|(_, gpus)| gpus.clone()).unwrap_or_default(),
            silent.map(|age| u64::try_from(age.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

impl Shared {
    pub(super) fn new(with_gpu: bool) -> Shared {
        let mut state = State::default();
        if !with_gpu {
            state.gpu.facts = Some(Err("the GPU probe is switched off".to_owned()));
        }
        Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// No part of the state is ever half changed, so a thread that panicked has spoilt nothing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&mut State) -> T) -> T {
        at(&mut self.lock())
    }

    /// Wakes whoever waits for a change.
    pub(super) fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.lock());
        self.changed.notify_all();
    }

    pub(super) fn watch(&self, pid: Option<i32>) {
        self.change(|state| {
            state.watch = Watch {
                pid,
                count: state.watch.count + 1,
            };
            state.pss = None;
        });
    }

    /// What `until` yields, or `None` when the deadline comes first.
    pub(super) fn wait_until<T>(
        &self,
        deadline: Instant,
        mut until: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(value) = until(&mut state) {
                return Some(value);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// False if it is time to end instead.
    pub(super) fn sleep_until(&self, deadline: Instant) -> bool {
        self.wait_until(deadline, |state| state.stop.then_some(()))
            .is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_shows_after_a_second_and_old_readings_are_dropped() {
        let then = Instant::now();
        let mut gpu = GpuState {
            facts: Some(Ok(GpuFacts::default())),
            read: Some((then, vec![GpuSample::default()])),
            owed_since: Some(then),
            border: false,
        };
        let after = |gpu: &GpuState, ms: u64| {
            let (gpus, silent) = gpu.at(then + Duration::from_millis(ms));
            (gpus.len(), silent)
        };
        assert_eq!(after(&gpu, 900), (1, None));
        assert_eq!(after(&gpu, 1500), (0, Some(1_500_000)));
        gpu.facts = None;
        assert_eq!(
            after(&gpu, 1500),
            (0, None),
            "the first answer may take longer"
        );
        assert_eq!(after(&gpu, 10_500), (0, Some(10_500_000)));
        gpu.owed_since = None;
        assert_eq!(after(&gpu, 60_000), (0, None));
    }
}
