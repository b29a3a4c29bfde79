//! The calls into NVML on one GPU: how long each takes, and which one has not come back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crashpoint_reports::gpu::GpuCall;

#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    under_way: Option<(&'static str, Instant)>,
    slowest: Option<(&'static str, Duration)>,
}

impl Calls {
    pub(super) fn time<T>(&self, name: &'static str, call: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        self.lock().under_way = Some((name, began));
        let answer = call();
        let took = began.elapsed();
        let mut state = self.lock();
        state.under_way = None;
        if state.slowest.is_none_or(|(_, slowest)| took > slowest) {
            state.slowest = Some((name, took));
        }
        answer
    }

    pub(super) fn under_way(&self) -> Option<GpuCall> {
        let (name, since) = self.lock().under_way?;
        Some(call(name, since.elapsed()))
    }

    pub(super) fn slowest(&self) -> Option<GpuCall> {
        let (name, took) = self.lock().slowest?;
        Some(call(name, took))
    }

    /// Never held during a call.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn call(name: &str, took: Duration) -> GpuCall {
    GpuCall {
        call: name.to_owned(),
        us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_under_way_is_known_by_name_and_the_slowest_stays() {
        let calls = Calls::default();
        assert_eq!((calls.under_way(), calls.slowest()), (None, None));
        calls.time("nvmlA", || {
            assert_eq!(calls.under_way().unwrap().call, "nvmlA");
            std::thread::sleep(Duration::from_millis(1));
        });
        calls.time("nvmlB", || {});
        assert_eq!(calls.under_way(), None);
        let slowest = calls.slowest().unwrap();
        assert_eq!(slowest.call, "nvmlA");
        assert!(slowest.us >= 1000);
    }
}
