//! What a journal tells of how far its run came, and whether anybody has looked since.

use crate::event::{Event, Header, Record, Writer};

/// Reads a journal's records as they come, and keeps the few facts that a recovery needs.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    state: RunState,
}

#[derive(Debug, Clone, Default)]
pub struct RunState {
    /// Of the process that wrote last for the run itself.
    pub header: Option<Header>,
    pub sample_hz: Option<f64>,
    pub last_seq: u64,
    pub last_mono_us: u64,
    pub last_wall_us: u64,
    /// How long the machine had slept since its boot: when that process began, and as last recorded.
    pub asleep_before_us: u64,
    pub asleep_us: u64,
    /// It came to its own end.
    pub complete: bool,
    /// Somebody found out what ended it, and nothing happened since.
    pub recovered: bool,
}

impl Trace {
    pub fn new() -> Trace {
        Trace::default()
    }

    pub fn push(&mut self, record: &Record) {
        let state = &mut self.state;
        match &record.event {
            Event::Recovered(_) => {
                state.recovered = true;
                return;
            }
            Event::Header(header) if header.writer == Writer::Recover => return,
            Event::Header(header) => {
                let process = |it: &Header| (it.boot_id.clone(), it.pid, it.pid_start_ticks);
                // Every further segment of one process has a header too.
                let known = state.header.as_ref().map(process);
                if known != Some(process(header)) {
                    state.asleep_before_us = header.boottime_us.saturating_sub(record.mono_us);
                    state.asleep_us = state.asleep_before_us;
                }
                state.header = Some(header.clone());
            }
            Event::Plan(plan) => state.sample_hz = Some(plan.settings.sample_hz),
            Event::SampleBlock(block) => state.asleep_us = block.asleep_us,
            _ => {}
        }
        state.recovered = false;
        state.complete = matches!(record.event, Event::RunEnd {});
        state.last_seq = record.seq;
        state.last_mono_us = record.mono_us;
        state.last_wall_us = record.wall_us;
    }

    /// As far as it has been read.
    pub fn state(&self) -> &RunState {
        &self.state
    }
}

impl RunState {
    /// `CLOCK_BOOTTIME` of the last record.
    pub fn last_boottime_us(&self) -> u64 {
        self.last_mono_us.saturating_add(self.asleep_us)
    }

    /// With probes on, a record is written every second or so, whatever the worker does.
    pub fn is_sampled(&self) -> bool {
        self.sample_hz.is_some_and(|hz| hz > 0.0)
    }
}
