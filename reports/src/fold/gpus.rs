//! What became of each GPU, while an attempt ran and over the whole run: from samples, and from what
//! its probe told besides.

use std::collections::BTreeMap;

use super::clock::seconds;
use super::extremes::{Extremes, of_uuid};
use crate::environment::Environment;
use crate::gpu::{GpuCall, GpuCounters, GpuNews, GpuProcess, Told};
use crate::knowledge;
use crate::report::{GpuRecord, ThrottleShare, XidRecord};
use crate::sample::{GpuFinding, GpuSample, Sample};
use crate::throttle;

/// Shorter silences are slow answers, or a machine that has no time for its probes.
const SILENCE_US: u64 = 3_000_000;
/// Of one GPU in one run; whoever has more has a case for its log.
const MOST_XIDS: usize = 100;

/// Times are `CLOCK_MONOTONIC`, as recorded; of a whole run, which may have several boots, they count
/// from its beginning.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// By UUID.
    pub gpus: BTreeMap<String, Watched>,
    /// All of them at once: their probe did not answer.
    pub silence: Option<Silence>,
}

#[derive(Debug, Clone, Default)]
pub struct Watched {
    pub index: u32,
    /// Its address, as NVML writes it.
    pub pci: Option<String>,
    /// Samples that say why it was throttled, if it was.
    pub looks: u64,
    /// By the reason's bit.
    pub throttled: BTreeMap<u64, Throttled>,
    /// What NVML said in place of a value, and when first.
    pub said: Vec<(GpuFinding, u64)>,
    pub silence: Option<Silence>,
    /// The call that it did not come back from.
    pub stuck_in: Option<String>,
    pub xids: Vec<SeenXid>,
    pub counted: Vec<Counted>,
    /// NVML attributed memory to the worker there.
    pub has_the_worker: bool,
    processes: Vec<GpuProcess>,
    slowest: Option<GpuCall>,
    first_counters: Option<GpuCounters>,
    counters: Option<GpuCounters>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    pub looks: u64,
    pub first_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    pub since_us: u64,
    pub longest_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenXid {
    pub number: u64,
    pub at_us: u64,
}

/// Two readings of the counters, one after the other, that differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    pub at_us: u64,
    pub before: GpuCounters,
    pub after: GpuCounters,
}

impl Watched {
    fn see(&mut self, gpu: &GpuSample, mono_us: u64) {
        self.index = gpu.index;
        lengthen(&mut self.silence, mono_us, gpu.silent_us);
        self.has_the_worker |= gpu.worker_memory_bytes.is_some();
        for &finding in &gpu.findings {
            if !self.said.iter().any(|(said, _)| *said == finding) {
                self.said.push((finding, mono_us));
            }
        }
        let Some(reasons) = gpu.throttle_reasons else {
            return;
        };
        self.looks += 1;
        for bit in throttle::bits(reasons) {
            let throttled = self.throttled.entry(bit).or_insert(Throttled {
                looks: 0,
                first_us: mono_us,
            });
            throttled.looks += 1;
        }
    }
}

impl Watch {
    pub fn see(&mut self, sample: &Sample) {
        lengthen(&mut self.silence, sample.mono_us, sample.gpu_silent_us);
        for gpu in &sample.gpus {
            of_uuid(&mut self.gpus, &gpu.uuid, |watched| {
                watched.see(gpu, sample.mono_us);
            });
        }
    }

    /// `before` are the counters that were read before these, if they were.
    pub fn hear(&mut self, news: &GpuNews, before: Option<&GpuCounters>) {
        let watched = self.of(&news.uuid, news.index);
        match &news.told {
            Told::Xid(number) => {
                if watched.xids.len() < MOST_XIDS {
                    watched.xids.push(SeenXid {
                        number: *number,
                        at_us: news.mono_us,
                    });
                }
            }
            Told::Counters(counters) => {
                if let Some(before) = before {
                    watched.counted.push(Counted {
                        at_us: news.mono_us,
                        before: before.clone(),
                        after: (**counters).clone(),
                    });
                }
                let counters = (**counters).clone();
                watched
                    .first_counters
                    .get_or_insert_with(|| counters.clone());
                watched.counters = Some(counters);
            }
            Told::Stuck(call) => watched.stuck_in = Some(call.call.clone()),
            Told::Slowest(call) => watched.slowest = Some(call.clone()),
            Told::Processes(processes) => watched.processes.clone_from(processes),
        }
    }

    pub fn counters(&self, uuid: &str) -> Option<&GpuCounters> {
        self.gpus.get(uuid)?.counters.as_ref()
    }

    fn of(&mut self, uuid: &str, index: u32) -> &mut Watched {
        let watched = self.gpus.entry(uuid.to_owned()).or_default();
        watched.index = index;
        watched
    }

    /// Adds what only the environment knows, and the run: a call may have been stuck before the attempt.
    pub fn complete(&mut self, environment: Option<&Environment>, run: &Watch) {
        for (uuid, watched) in &mut self.gpus {
            let stuck_in = run.gpus.get(uuid).and_then(|it| it.stuck_in.as_ref());
            watched.stuck_in = watched.stuck_in.take().or(stuck_in.cloned());
        }
        for gpu in environment.iter().flat_map(|it| &it.gpu.gpus) {
            if let Some(watched) = self.gpus.get_mut(&gpu.uuid) {
                watched.pci.clone_from(&gpu.pci);
            }
        }
    }

    /// What the report says of each GPU of the run, by index. Its times are the run's.
    pub fn records(
        &self,
        extremes: &Extremes,
        environment: Option<&Environment>,
    ) -> Vec<GpuRecord> {
        let mut records: Vec<GpuRecord> = self
            .gpus
            .iter()
            .map(|(uuid, watched)| watched.record(uuid, extremes, environment))
            .collect();
        records.sort_by_key(|record| record.index);
        records
    }
}

impl Watched {
    /// Of the readings of its throttle reasons those with this one.
    pub fn share(&self, throttled: Throttled) -> f64 {
        throttled.looks as f64 / self.looks.max(1) as f64
    }

    /// Its first reading, before anything was run, for what is set and stays.
    pub fn first_counters(&self) -> Option<&GpuCounters> {
        self.first_counters.as_ref()
    }

    fn record(
        &self,
        uuid: &str,
        extremes: &Extremes,
        environment: Option<&Environment>,
    ) -> GpuRecord {
        let known = environment
            .and_then(|environment| environment.gpu.gpus.iter().find(|gpu| gpu.uuid == uuid));
        let most = extremes.gpus.get(uuid);
        let share = |(bit, throttled): (&u64, &Throttled)| ThrottleShare {
            reason: throttle::name(*bit),
            share: self.share(*throttled),
        };
        let xid = |xid: &SeenXid| XidRecord {
            xid: xid.number,
            name: u32::try_from(xid.number)
                .ok()
                .and_then(knowledge::xid)
                .map(|known| known.name.to_owned()),
            seconds: seconds(xid.at_us),
        };
        GpuRecord {
            index: self.index,
            uuid: uuid.to_owned(),
            name: known.and_then(|gpu| gpu.name.clone()),
            memory_used_max_bytes: most.and_then(|it| it.memory_used_max_bytes),
            memory_total_bytes: most.and_then(|it| it.memory_total_bytes),
            power_max_milliwatts: most.and_then(|it| it.power_max_milliwatts),
            max_celsius: most.and_then(|it| it.max_celsius),
            longest_silence_seconds: self.silence.map(|it| seconds(it.longest_us)),
            throttled: self.throttled.iter().map(share).collect(),
            xids: self.xids.iter().map(xid).collect(),
            counters_first: self.first_counters.clone(),
            counters_last: self.counters.clone(),
            processes: self.processes.clone(),
            slowest_call: self.slowest.clone(),
        }
    }
}

fn lengthen(silence: &mut Option<Silence>, at_us: u64, silent_us: Option<u64>) {
    let Some(silent_us) = silent_us.filter(|&silent_us| silent_us >= SILENCE_US) else {
        return;
    };
    let known = silence.get_or_insert(Silence {
        since_us: at_us.saturating_sub(silent_us),
        longest_us: 0,
    });
    known.longest_us = known.longest_us.max(silent_us);
}
