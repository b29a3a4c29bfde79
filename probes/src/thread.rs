//! The probe thread: a sample of everything at a steady rate, whatever single probes do.
//!
//! Three threads share the work, so that nothing delays the host's samples: one samples and feeds
//! the sink, one reads what is slow, one speaks with the GPU's probe process.

mod gpu;
mod sampler;
mod schedule;
mod shared;
mod slow;
mod watched;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crashpoint_reports::Sample;
use crashpoint_reports::environment::GpuFacts;
use crashpoint_reports::gpu::GpuNews;

use crate::gpu::Command;
use schedule::Schedule;
use shared::Shared;

pub const MOST_HZ: f64 = 100.0;

/// A thread that reads from a stuck process or waits for a stuck probe is left behind after this long.
const JOIN_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Config {
    /// Samples a second, up to [`MOST_HZ`]. Zero: none are taken.
    pub hz: f64,
    /// How to start the GPU's probe process; `None`: no GPU is looked at.
    pub gpu: Option<Command>,
}

#[derive(Debug)]
pub struct ProbeThread {
    shared: Arc<Shared>,
    /// Disconnected once every thread has ended.
    ended: Receiver<()>,
}

impl ProbeThread {
    /// Each sample is handed to `sink` on the sampling thread: it must be quick. What comes up about a
    /// GPU goes to `tell`, on the thread that speaks with its probe. Fails if a thread can't be started.
    pub fn start(
        config: Config,
        sink: impl FnMut(Sample) + Send + 'static,
        tell: impl FnMut(GpuNews) + Send + 'static,
    ) -> io::Result<ProbeThread> {
        let shared = Arc::new(Shared::new(config.gpu.is_some()));
        let (alive, ended) = channel();
        // Made before the threads: if one can't be started, dropping it ends those that could.
        let probe = ProbeThread { shared, ended };
        let schedule = Schedule::at(config.hz.min(MOST_HZ));
        if let Some(schedule) = schedule {
            probe.spawn("probe", &alive, move |shared| {
                sampler::run(shared, schedule, sink)
            })?;
            probe.spawn("probe-slow", &alive, slow::run)?;
        }
        if let Some(command) = config.gpu {
            probe.spawn("probe-gpu", &alive, move |shared| {
                gpu::run(shared, command, schedule, tell)
            })?;
        }
        Ok(probe)
    }

    fn spawn(
        &self,
        name: &str,
        alive: &Sender<()>,
        body: impl FnOnce(&Shared) + Send + 'static,
    ) -> io::Result<()> {
        let (shared, alive) = (Arc::clone(&self.shared), alive.clone());
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                body(&shared);
                drop(alive);
            })?;
        Ok(())
    }

    /// From now on samples tell of this process, until it is gone.
    pub fn watch(&self, pid: i32) {
        self.shared.watch(Some(pid));
    }

    pub fn unwatch(&self) {
        self.shared.watch(None);
    }

    /// A phase begins or ends: what is slow is read soon, within the limits of its cost. Never blocks.
    pub fn border(&self) {
        self.shared.change(|state| {
            state.border = true;
            state.gpu.border = true;
        });
    }

    pub fn latest(&self) -> Option<Sample> {
        self.shared.look(|state| state.latest.clone())
    }

    /// What the GPU's probe says once, or why it says nothing: there is no GPU, it has not answered
    /// within the given time, or it was lost since.
    pub fn facts(&self, within: Duration) -> Result<GpuFacts, String> {
        let deadline = Instant::now() + within;
        self.shared
            .wait_until(deadline, |state| state.gpu.facts.clone())
            .unwrap_or_else(|| {
                Err(format!(
                    "the GPU probe has not answered within {} s",
                    within.as_secs_f64()
                ))
            })
    }

    /// Ends the threads and waits for them, two seconds at most. True if all have ended: then the
    /// sink is not called again.
    pub fn stop(self) -> bool {
        self.shared.change(|state| state.stop = true);
        self.ended.recv_timeout(JOIN_WITHIN) == Err(RecvTimeoutError::Disconnected)
    }
}

impl Drop for ProbeThread {
    fn drop(&mut self) {
        self.shared.change(|state| state.stop = true);
    }
}
