//! Time as the records tell it. The monotonic clock starts anew with every boot; a run need not.

use std::time::{Duration, UNIX_EPOCH};

use crate::event::{Event, Record};

/// Microseconds since the run's first record, by the monotonic clock: what lies between two boots
/// is not counted.
#[derive(Debug, Default)]
pub struct Clock {
    boot_id: Option<String>,
    last_mono_us: Option<u64>,
    elapsed_us: u64,
    first_wall_us: Option<u64>,
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
            if self
                .boot_id
                .as_ref()
                .is_some_and(|id| *id != header.boot_id)
            {
                self.last_mono_us = None;
            }
            self.boot_id = Some(header.boot_id.clone());
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
