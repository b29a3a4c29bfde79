//! When a sample is due: at multiples of the period since the start, so that nothing drifts. A
//! tick that was missed is not made up for.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    start: Instant,
    period: Duration,
    tick: u32,
}

impl Schedule {
    /// `None` if there is nothing to do: a rate of zero, below it, or none at all. Slower than once
    /// in an hour is once in an hour.
    pub(super) fn at(hz: f64) -> Option<Schedule> {
        (hz > 0.0).then(|| Schedule {
            start: Instant::now(),
            period: Duration::from_secs_f64((1.0 / hz).min(3600.0)),
            tick: 0,
        })
    }

    pub(super) fn no_faster_than(self, period: Duration) -> Schedule {
        Schedule {
            period: self.period.max(period),
            ..self
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.start + self.period * self.tick
    }

    /// Moves on to the first tick after `now`. Re-bases long before the count of ticks ends.
    pub(super) fn advance(&mut self, now: Instant) {
        self.start = self.due();
        self.tick = 1;
        let late = now.saturating_duration_since(self.start);
        if late >= self.period {
            let missed = late.as_nanos() / self.period.as_nanos().max(1);
            self.tick = u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn ticks_do_not_drift_and_missed_ones_are_skipped() {
        let mut schedule = Schedule::at(100.0).unwrap();
        let start = schedule.due();
        let mut due_after = |late: Duration| {
            schedule.advance(start + late);
            schedule.due() - start
        };
        assert_eq!(due_after(3 * MS), 10 * MS);
        assert_eq!(due_after(17 * MS), 20 * MS);
        assert_eq!(due_after(55 * MS), 60 * MS);
        assert_eq!(due_after(60 * MS), 70 * MS);
    }

    #[test]
    fn no_rate_is_no_schedule() {
        for hz in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(Schedule::at(hz).is_none(), "{hz}");
        }
        assert_eq!(
            Schedule::at(f64::MIN_POSITIVE).unwrap().period,
            Duration::from_secs(3600)
        );
    }
}
