//! Time as the records tell it. The monotonic clock starts anew with every boot; a run need not.
//! What lies between two processes that wrote a run, between two boots perhaps, is not its time.

use std::time::{Duration, UNIX_EPOCH};

use crate::event::{Event, Record};

/// Microseconds since the run's first record, by the monotonic clock: what lies between two boots,
/// or between two processes that wrote, is not counted.
#[derive(Debug, Default)]
pub struct Clock {
    /// Whose clock it is: the boot, and the process that wrote.
    owner: Option<(String, i32, u64)>,
    last_mono_us: Option<u64>,
    elapsed_us: u64,
    first_wall_us: Option<u64>,
    /// How long this boot had slept when it was first looked at, and since then.
    asleep_us: Option<u64>,
    slept_us: u64,
}

/// The instant of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Since the run's first record.
    pub at_us: u64,
    /// As recorded: comparable with the samples of the same boot only.
    pub mono_us: u64,
}

impl Clock {
    pub fn advance(&mut self, record: &Record) -> Instant {
        self.first_wall_us.get_or_insert(record.wall_us);
        if let Event::Header(header) = &record.event {
            let owner = (header.boot_id.clone(), header.pid, header.pid_start_ticks);
            if self.owner.as_ref().is_some_and(|before| *before != owner) {
                self.last_mono_us = None;
                self.asleep_us = None;
            }
            self.owner = Some(owner);
        }
        let last = self.last_mono_us.replace(record.mono_us);
        let passed = record
            .mono_us
            .saturating_sub(last.unwrap_or(record.mono_us));
        self.elapsed_us = self.elapsed_us.saturating_add(passed);
        Instant {
            at_us: self.elapsed_us,
            mono_us: record.mono_us,
        }
    }

    /// Takes by how much the clock that counts sleep is ahead of the other.
    pub fn slept(&mut self, asleep_us: u64) {
        let before = self.asleep_us.replace(asleep_us).unwrap_or(asleep_us);
        let slept = asleep_us.saturating_sub(before);
        self.slept_us = self.slept_us.saturating_add(slept);
    }

    /// How long the machine slept during the run, as far as that is sleep and not two clocks read
    /// one after the other.
    pub fn slept_seconds(&self) -> Option<f64> {
        const SLEEP_US: u64 = 100_000;
        (self.slept_us >= SLEEP_US).then(|| seconds(self.slept_us))
    }

    pub fn now_us(&self) -> u64 {
        self.elapsed_us
    }

    pub fn started(&self) -> Option<String> {
        self.first_wall_us.and_then(utc)
    }
}

/// RFC 3339, in whole seconds; `None` beyond the year 9999.
pub fn utc(wall_us: u64) -> Option<String> {
    /// The first second of the year 10000.
    const END_S: u64 = 253_402_300_800;
    let seconds = wall_us / 1_000_000;
    (seconds < END_S).then(|| {
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
    })
}

pub fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}
