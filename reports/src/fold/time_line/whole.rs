//! The readings of a whole run in a bounded number of buckets: when there would be too many, every
//! two become one of twice the width.

use super::super::clock::seconds;
use super::lanes::Lanes;
use crate::sample::Sample;
use crate::time_line::Readings;

/// Half of them at least are in use after the first second.
const MOST_BUCKETS: u64 = 512;
const FIRST_WIDTH_US: u64 = 1000;

#[derive(Debug)]
pub struct Whole {
    lanes: Lanes,
    width_us: u64,
}

impl Default for Whole {
    fn default() -> Whole {
        Whole {
            lanes: Lanes::default(),
            width_us: FIRST_WIDTH_US,
        }
    }
}

impl Whole {
    pub fn see(&mut self, at_us: u64, sample: &Sample) {
        while at_us / self.width_us >= MOST_BUCKETS {
            self.lanes.halve();
            self.width_us = self.width_us.saturating_mul(2);
        }
        self.lanes.put((at_us / self.width_us) as usize, sample);
    }

    pub fn readings(&self) -> Readings {
        let cells: Vec<(u32, usize)> = (0..).zip(0..MOST_BUCKETS as usize).collect();
        Readings {
            start_seconds: 0.0,
            bucket_seconds: seconds(self.width_us),
            ..self.lanes.readings(&cells)
        }
    }
}
