//! Samples as a journal holds them: a block of a second or so, column by column.
//!
//! A day at 100 Hz has 8.6 million samples: line by line they would be gigabytes and minutes of
//! parsing. Every block stands alone, so that a damaged one costs its own second and no other.

mod column;
mod cursor;
mod quantity;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sample::{GpuFinding, GpuSample, Sample, WorkerSample};
pub use column::Column;
use column::{differences, sums};
use cursor::Cursors;
use quantity::Quantity;

/// Samples in one block; a reader believes no more.
pub const MOST_SAMPLES: usize = 1 << 16;

type Columns = BTreeMap<String, Column>;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleBlock {
    /// `CLOCK_BOOTTIME` minus `CLOCK_MONOTONIC` when the block was written: it grows only while
    /// the machine sleeps.
    #[serde(default)]
    pub asleep_us: u64,
    /// The first time, the step to the second, and from then on by how much each step differs from
    /// the one before.
    mono_us: Vec<i64>,
    /// A column is absent where nothing of it could be read.
    columns: Columns,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gpus: Vec<GpuBlock>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct GpuBlock {
    uuid: String,
    index: u32,
    columns: Columns,
    /// What NVML answered instead of values, from which sample on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<(usize, Vec<GpuFinding>)>,
}

impl SampleBlock {
    /// Of at most [`MOST_SAMPLES`]; what is beyond is left out.
    pub fn of(samples: &[Sample], asleep_us: u64) -> SampleBlock {
        let samples = samples.get(..MOST_SAMPLES).unwrap_or(samples);
        let mut gpus: BTreeMap<&str, u32> = BTreeMap::new();
        for gpu in samples.iter().flat_map(|sample| &sample.gpus) {
            gpus.entry(&gpu.uuid).or_insert(gpu.index);
        }
        let times: Vec<i64> = samples
            .iter()
            .map(|sample| quantity::whole(sample.mono_us, 1))
            .collect();
        SampleBlock {
            asleep_us,
            mono_us: differences(&differences(&times)),
            columns: columns(quantity::OF_THE_MACHINE, samples, |sample| Some(sample)),
            gpus: gpus
                .into_iter()
                .map(|(uuid, index)| GpuBlock::of(uuid, index, samples))
                .collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.mono_us.len().min(MOST_SAMPLES)
    }

    pub fn is_empty(&self) -> bool {
        self.mono_us.is_empty()
    }

    /// Hands on each sample in turn; it is the same one, changed from call to call.
    pub fn each(&self, mut take: impl FnMut(&Sample)) {
        let mut sample = Sample::default();
        let mut cursors = Cursors::new(quantity::OF_THE_MACHINE, &self.columns);
        let mut gpus: Vec<OpenGpu<'_>> = self.gpus.iter().map(OpenGpu::new).collect();
        let times = sums(sums(self.mono_us.iter().copied()));
        for (place, time) in times.take(MOST_SAMPLES).enumerate() {
            sample.mono_us = u64::try_from(time).unwrap_or(0);
            // The wall clock is kept as its distance to the other, so its column comes after it.
            cursors.advance(place, &mut sample);
            if sample.worker.as_ref().is_some_and(|worker| worker.pid == 0) {
                sample.worker = None;
            }
            for gpu in &mut gpus {
                gpu.advance(place);
            }
            fill(&mut sample.gpus, &gpus);
            take(&sample);
            // What a column sets next must find a worker to set it in.
            sample.worker.get_or_insert_with(WorkerSample::default);
        }
    }
}

impl GpuBlock {
    fn of(uuid: &str, index: u32, samples: &[Sample]) -> GpuBlock {
        let mine = |sample: &Sample| -> Option<usize> {
            sample.gpus.iter().position(|gpu| gpu.uuid == uuid)
        };
        let mut findings: Vec<(usize, Vec<GpuFinding>)> = Vec::new();
        let mut last: &[GpuFinding] = &[];
        for (place, sample) in samples.iter().enumerate() {
            let gpu = mine(sample).and_then(|at| sample.gpus.get(at));
            let found = gpu.map_or(&[][..], |gpu| &gpu.findings);
            if found != last {
                findings.push((place, found.to_vec()));
                last = found;
            }
        }
        GpuBlock {
            uuid: uuid.to_owned(),
            index,
            columns: columns(quantity::OF_A_GPU, samples, |sample| {
                sample.gpus.get(mine(sample)?)
            }),
            findings,
        }
    }
}

fn columns<T>(
    quantities: &[Quantity<T>],
    samples: &[Sample],
    part: impl Fn(&Sample) -> Option<&T>,
) -> Columns {
    let column = |quantity: &Quantity<T>| {
        let values = samples
            .iter()
            .map(|sample| part(sample).and_then(quantity.get));
        let column = Column::of(&values.collect::<Vec<_>>())?;
        Some((quantity.name.to_owned(), column))
    };
    quantities.iter().filter_map(column).collect()
}

struct OpenGpu<'a> {
    sample: GpuSample,
    cursors: Cursors<'a, GpuSample>,
    findings: &'a [(usize, Vec<GpuFinding>)],
}

impl<'a> OpenGpu<'a> {
    fn new(block: &'a GpuBlock) -> OpenGpu<'a> {
        OpenGpu {
            sample: GpuSample {
                uuid: block.uuid.clone(),
                index: block.index,
                ..GpuSample::default()
            },
            cursors: Cursors::new(quantity::OF_A_GPU, &block.columns),
            findings: &block.findings,
        }
    }

    fn advance(&mut self, place: usize) {
        self.cursors.advance(place, &mut self.sample);
        while let [(at, found), rest @ ..] = self.findings
            && *at <= place
        {
            self.sample.findings.clone_from(found);
            self.findings = rest;
        }
    }

    /// A GPU that said nothing at all was not read in this sample.
    fn answered(&self) -> bool {
        !self.sample.findings.is_empty()
            || quantity::OF_A_GPU
                .iter()
                .any(|quantity| (quantity.get)(&self.sample).is_some())
    }
}

/// Puts the GPUs that answered into the sample, as far as possible without new memory.
fn fill(into: &mut Vec<GpuSample>, gpus: &[OpenGpu<'_>]) {
    let answered = || gpus.iter().filter(|gpu| gpu.answered());
    into.truncate(answered().count());
    let known = into.len();
    for (gpu, open) in into.iter_mut().zip(answered()) {
        gpu.clone_from(&open.sample);
    }
    into.extend(answered().skip(known).map(|open| open.sample.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::HostSample;

    /// Rounded as a block rounds, so that it must come back as it is.
    fn sample(n: u64) -> Sample {
        let gpu = GpuSample {
            index: 0,
            uuid: "GPU-a".to_owned(),
            memory_used_bytes: Some((7 << 30) + (n << 16)),
            power_milliwatts: Some(340_000 + 100 * (n * 7 % 50)),
            celsius: Some(71),
            throttle_reasons: Some(1 << 40),
            findings: if n > 7 {
                vec![GpuFinding::GpuIsLost]
            } else {
                Vec::new()
            },
            ..GpuSample::default()
        };
        Sample {
            mono_us: 81_000_237 + n * 10_000 + n * n % 13,
            wall_us: 1_795_000_000_000_000 + 81_000_237 + n * 10_000 + n * n % 13,
            host: HostSample {
                memory_total_bytes: Some(64 << 30),
                memory_available_bytes: Some((40 << 30) - (n % 3) * (1 << 16)),
                load_1m: Some(1.25),
                psi_io_some_avg10: (n > 4).then_some(0.5),
                cpu_celsius: Some(61.5),
                ..HostSample::default()
            },
            worker: (n > 2).then(|| WorkerSample {
                pid: 4711,
                rss_bytes: Some((1 << 30) + (n << 16)),
                cpu_us: Some(n * 9_000),
                threads: Some(9),
                ..WorkerSample::default()
            }),
            gpus: if n == 5 { Vec::new() } else { vec![gpu] },
            gpu_silent_us: (n == 9).then_some(1_500_000),
        }
    }

    fn read(block: &SampleBlock) -> Vec<Sample> {
        let mut read = Vec::new();
        block.each(|sample| read.push(sample.clone()));
        read
    }

    #[test]
    fn a_block_gives_back_what_was_put_in() {
        let samples: Vec<Sample> = (0..12).map(sample).collect();
        let text = serde_json::to_string(&SampleBlock::of(&samples, 17)).unwrap();
        let block: SampleBlock = serde_json::from_str(&text).unwrap();
        assert_eq!((block.len(), block.asleep_us), (12, 17));
        for (read, put) in read(&block).iter().zip(&samples) {
            assert_eq!(read, put);
        }
    }

    #[test]
    fn fine_detail_is_rounded_and_nothing_else() {
        let fine = Sample {
            mono_us: 5,
            wall_us: 1_000_000_000_999_005,
            host: HostSample {
                memory_available_bytes: Some((1 << 20) + 65_535),
                ..HostSample::default()
            },
            ..Sample::default()
        };
        let read = read(&SampleBlock::of(&[fine], 0));
        assert_eq!(read[0].host.memory_available_bytes, Some(1 << 20));
        assert_eq!(read[0].wall_us, 1_000_000_000_999_005);
    }

    #[test]
    fn a_second_at_100_hz_takes_a_few_bytes_a_sample() {
        let samples: Vec<Sample> = (0..100).map(sample).collect();
        let text = serde_json::to_string(&SampleBlock::of(&samples, 0)).unwrap();
        assert!(text.len() < 2500, "{} bytes: {text}", text.len());
    }

    #[test]
    fn a_block_of_nonsense_is_read_without_harm() {
        let text = r#"{"mono_us":[9223372036854775807,9223372036854775807,-1],"columns":{
            "memory_total_kib":[1,null,9223372036854775807,9223372036854775807],
            "pid":{"at":[5,2,900],"is":[1]},"no such":7,"cpu_millicelsius":-9223372036854775808},
            "gpus":[{"uuid":"x","index":4294967295,"columns":{"power_100mw":-4},"findings":[[9,[]],[0,["timeout"]]]}]}"#;
        let block: SampleBlock = serde_json::from_str(text).unwrap();
        assert_eq!(read(&block).len(), 3);
    }
}
