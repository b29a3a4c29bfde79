//! The thread that samples. It reads only what never waits.

use std::time::Instant;

use crashpoint_reports::Sample;

use super::schedule::Schedule;
use super::shared::{Shared, State, Watch};
use super::watched::Watched;
use crate::boot::Clocks;
use crate::host::Host;

pub(super) fn run(shared: &Shared, mut schedule: Schedule, mut sink: impl FnMut(Sample)) {
    let mut host = Host::new();
    let mut watch = Watch::default();
    let mut watched = None;
    while shared.sleep_until(schedule.due()) {
        let wanted = shared.look(|state| state.watch);
        if wanted != watch {
            watched = wanted.pid.and_then(Watched::open);
            watch = wanted;
        }
        let clocks = Clocks::now();
        let mut sample = Sample {
            mono_us: clocks.mono_us,
            wall_us: clocks.wall_us,
            host: host.sample(),
            ..Sample::default()
        };
        sample.worker = watched
            .as_mut()
            .and_then(|watched| watched.sample(&mut sample.host));
        if sample.worker.is_none() {
            watched = None;
        }
        shared.look(|state| complete(&mut sample, state, watch));
        sink(sample);
        schedule.advance(Instant::now());
    }
}

/// Adds what the other threads have found, and leaves a copy.
fn complete(sample: &mut Sample, state: &mut State, watch: Watch) {
    sample.host.cpu_celsius = state.temperatures.cpu_celsius;
    sample.host.hottest_celsius = state.temperatures.hottest_celsius;
    if let (Some(worker), Some((of, bytes))) = (&mut sample.worker, state.pss)
        && of == watch
    {
        // A reading belongs to one sample, or a slope over samples would count it many times.
        worker.pss_bytes = Some(bytes);
        state.pss = None;
    }
    (sample.gpus, sample.gpu_silent_us) = state.gpu.at(Instant::now());
    state.latest = Some(sample.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::WorkerSample;

    #[test]
    fn a_pss_goes_into_one_sample_of_the_worker_that_it_was_read_from() {
        let watch = |count| Watch {
            pid: Some(7),
            count,
        };
        let mut state = State {
            pss: Some((watch(2), 4096)),
            ..State::default()
        };
        let mut taken_by = |count| {
            let mut sample = Sample {
                worker: Some(WorkerSample::default()),
                ..Sample::default()
            };
            complete(&mut sample, &mut state, watch(count));
            sample.worker.and_then(|worker| worker.pss_bytes)
        };
        assert_eq!(taken_by(1), None);
        assert_eq!(taken_by(2), Some(4096));
        assert_eq!(taken_by(2), None);
    }
}
