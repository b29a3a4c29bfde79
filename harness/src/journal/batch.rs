//! What waits to be written: records, samples, and whoever wants to know that they are durable.

use std::time::{Duration, Instant};

use crashpoint_reports::sample_block::MOST_SAMPLES;
use crashpoint_reports::{Event, Record, Sample, SampleBlock};

/// Called by the journal's thread when a record is durable.
pub type Durable = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub struct Batch {
    /// Numbered when they are written: again, if they are written again.
    pub records: Vec<Record>,
    pub durable: Vec<Durable>,
    samples: Vec<Sample>,
    /// When it must be on the disk.
    pub due: Option<Instant>,
}

impl Batch {
    pub fn push(&mut self, record: Record, within: Duration, asleep_us: impl FnOnce() -> u64) {
        // A sample is older than the event that came after it.
        self.close_block(asleep_us);
        self.records.push(record);
        self.due_within(within);
    }

    pub fn sample(&mut self, sample: Sample, within: Duration) {
        self.samples.push(sample);
        self.due_within(if self.samples.len() < MOST_SAMPLES {
            within
        } else {
            Duration::ZERO
        });
    }

    fn due_within(&mut self, delay: Duration) {
        let due = Instant::now() + delay;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Makes a record of the samples that have come since the last one.
    pub fn close_block(&mut self, asleep_us: impl FnOnce() -> u64) {
        let Some(last) = self.samples.last() else {
            return;
        };
        let (mono_us, wall_us) = (last.mono_us, last.wall_us);
        let asleep_us = asleep_us();
        for part in self.samples.chunks(MOST_SAMPLES) {
            self.records.push(Record {
                seq: 0,
                mono_us,
                wall_us,
                event: Event::SampleBlock(SampleBlock::of(part, asleep_us)),
            });
        }
        self.samples.clear();
    }

    /// Tells everybody who waits.
    pub fn acknowledge(&mut self) {
        for durable in self.durable.drain(..) {
            durable();
        }
    }
}
