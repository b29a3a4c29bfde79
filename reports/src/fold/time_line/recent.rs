//! The readings of the last seconds, for whatever may die now.

use super::super::clock::seconds;
use super::lanes::Lanes;
use crate::sample::Sample;
use crate::time_line::Readings;

/// How far back a close-up looks.
pub const LOOKS_BACK_US: u64 = 10_000_000;
const WIDTH_US: u64 = 50_000;
/// A little more than is looked at: what comes just after a crash must not push out what was before.
const CELLS: usize = (LOOKS_BACK_US / WIDTH_US) as usize + 56;

/// A ring: bucket n lies in cell n modulo the number of cells.
#[derive(Debug)]
pub struct Recent {
    lanes: Lanes,
    /// Which bucket each cell holds.
    holds: [Option<u64>; CELLS],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent {
            lanes: Lanes::default(),
            holds: [None; CELLS],
        }
    }
}

impl Recent {
    pub fn see(&mut self, at_us: u64, sample: &Sample) {
        let bucket = at_us / WIDTH_US;
        let cell = (bucket % CELLS as u64) as usize;
        let Some(held) = self.holds.get_mut(cell) else {
            return;
        };
        if *held != Some(bucket) {
            *held = Some(bucket);
            self.lanes.clear(cell);
        }
        self.lanes.put(cell, sample);
    }

    /// Up to this instant.
    pub fn readings(&self, until_us: u64) -> Readings {
        let last = until_us / WIDTH_US;
        let first = until_us.saturating_sub(LOOKS_BACK_US) / WIDTH_US;
        let cells: Vec<(u32, usize)> = (0..)
            .zip(first..=last)
            .filter_map(|(n, bucket)| {
                let cell = (bucket % CELLS as u64) as usize;
                let held = self.holds.get(cell).copied().flatten();
                (held == Some(bucket)).then_some((n, cell))
            })
            .collect();
        Readings {
            start_seconds: seconds(first.saturating_mul(WIDTH_US)),
            bucket_seconds: seconds(WIDTH_US),
            ..self.lanes.readings(&cells)
        }
    }
}
