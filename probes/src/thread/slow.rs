//! The thread that reads what takes long: temperatures, and the worker's proportional set size. It
//! may wait for a bus or for the worker's memory lock; the samples go on without it.

use std::time::{Duration, Instant};

use super::shared::{Shared, State, Watch};
use crate::temperature::Thermometer;
use crate::worker::Worker;

const TEMPERATURES_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(shared: &Shared) {
    let mut thermometer = Thermometer::new();
    let mut temperatures_due = Instant::now();
    let mut limits = PssLimits::new(Instant::now());
    let mut watch = Watch::default();
    let mut worker: Option<Worker> = None;
    loop {
        let due = match &worker {
            Some(_) => temperatures_due.min(limits.due(false)),
            None => temperatures_due,
        };
        let wake = |state: &mut State| {
            let soon = state.border && Instant::now() >= limits.due(true);
            (state.stop || soon || state.watch != watch).then_some(())
        };
        // A border that comes too early is served when it is no longer too early.
        let due = if shared.look(|state| state.border) {
            due.min(limits.due(true))
        } else {
            due
        };
        shared.wait_until(due, wake);

        let (stop, wanted, border) = shared.look(|state| (state.stop, state.watch, state.border));
        if stop {
            return;
        }
        if wanted != watch {
            watch = wanted;
            worker = wanted.pid.and_then(Worker::open);
        }
        if Instant::now() >= temperatures_due {
            let temperatures = thermometer.read();
            shared.look(|state| state.temperatures = temperatures);
            temperatures_due = Instant::now() + TEMPERATURES_EVERY;
        }
        let began = Instant::now();
        if began >= limits.due(border) {
            shared.look(|state| state.border = false);
            let pss = worker.as_ref().and_then(Worker::pss_bytes);
            limits = PssLimits::after(began, Instant::now());
            shared.look(|state| {
                if state.watch == watch {
                    state.pss = pss.map(|bytes| (watch, bytes));
                }
            });
        }
    }
}

/// When the proportional set size may be read again. It costs time in proportion to the worker's
/// memory, of which the worker has to give a part: by itself it takes 1 % at most, and 10 % if many
/// borders come.
#[derive(Debug, Clone, Copy)]
struct PssLimits {
    unasked: Instant,
    at_a_border: Instant,
}

impl PssLimits {
    const UNASKED: Duration = Duration::from_secs(5);
    const AT_A_BORDER: Duration = Duration::from_secs(1);

    fn new(now: Instant) -> PssLimits {
        PssLimits {
            unasked: now,
            at_a_border: now,
        }
    }

    fn after(began: Instant, ended: Instant) -> PssLimits {
        let cost = ended.saturating_duration_since(began);
        PssLimits {
            unasked: ended + Self::UNASKED.max(100 * cost),
            at_a_border: ended + Self::AT_A_BORDER.max(10 * cost),
        }
    }

    fn due(&self, border: bool) -> Instant {
        if border {
            self.at_a_border
        } else {
            self.unasked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_costly_reading_is_repeated_less_often() {
        let (ms, began) = (Duration::from_millis(1), Instant::now());
        let cheap = PssLimits::after(began, began + ms);
        assert_eq!(cheap.due(false) - began, 5001 * ms);
        assert_eq!(cheap.due(true) - began, 1001 * ms);
        let costly = PssLimits::after(began, began + 350 * ms);
        assert_eq!(costly.due(false) - began, 35_350 * ms);
        assert_eq!(costly.due(true) - began, 3850 * ms);
    }
}
