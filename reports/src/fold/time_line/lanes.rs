//! Lowest and highest value of every reading, cell by cell.

use crate::sample::{GpuSample, Sample};
use crate::time_line::{Reading, Readings, Series};

/// More GPUs than a machine has: what a damaged record makes up must not fill the memory.
const MOST_GPUS: usize = 16;

type Cell = Option<(f64, f64)>;

/// The host's lane comes first, then one for each GPU.
#[derive(Debug, Default)]
pub struct Lanes {
    host: Lane,
    gpus: Vec<(u32, Lane)>,
}

#[derive(Debug, Default)]
struct Lane {
    tracks: [Track; Reading::ALL.len()],
}

#[derive(Debug, Default)]
struct Track {
    cells: Vec<Cell>,
    total: Option<f64>,
}

impl Lanes {
    pub fn put(&mut self, cell: usize, sample: &Sample) {
        let host = &sample.host;
        let lane = &mut self.host;
        if let (Some(total), Some(available)) =
            (host.memory_total_bytes, host.memory_available_bytes)
        {
            let used = Some(total.saturating_sub(available) as f64);
            lane.put(cell, Reading::HostMemoryUsedBytes, used);
            lane.of(Reading::HostMemoryUsedBytes, Some(total as f64));
        }
        let rss = sample.worker.as_ref().and_then(|worker| worker.rss_bytes);
        lane.put(cell, Reading::WorkerRssBytes, rss.map(|it| it as f64));
        lane.put(cell, Reading::CpuCelsius, host.cpu_celsius);
        lane.put(cell, Reading::HottestCelsius, host.hottest_celsius);
        for gpu in &sample.gpus {
            if let Some(lane) = self.gpu(gpu.index) {
                lane.gpu(cell, gpu);
            }
        }
    }

    fn gpu(&mut self, index: u32) -> Option<&mut Lane> {
        let known = self.gpus.iter().position(|(it, _)| *it == index);
        let place = known.unwrap_or(self.gpus.len());
        if place == self.gpus.len() && place < MOST_GPUS {
            self.gpus.push((index, Lane::default()));
        }
        self.gpus.get_mut(place).map(|(_, lane)| lane)
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Lane> {
        let gpus = self.gpus.iter_mut().map(|(_, lane)| lane);
        std::iter::once(&mut self.host).chain(gpus)
    }

    pub fn clear(&mut self, cell: usize) {
        for track in self.all().flat_map(|lane| &mut lane.tracks) {
            if let Some(cell) = track.cells.get_mut(cell) {
                *cell = None;
            }
        }
    }

    /// Every two neighbours become one.
    pub fn halve(&mut self) {
        for track in self.all().flat_map(|lane| &mut lane.tracks) {
            let pairs = track.cells.chunks(2);
            track.cells = pairs
                .map(|pair| pair.iter().copied().fold(None, both))
                .collect();
        }
    }

    /// The readings of these cells; each comes with the bucket that it stands for.
    pub fn readings(&self, cells: &[(u32, usize)]) -> Readings {
        let lanes = || {
            let gpus = self.gpus.iter().map(|(index, lane)| (Some(*index), lane));
            std::iter::once((None, &self.host)).chain(gpus)
        };
        let has_any = |&&(_, cell): &&(u32, usize)| {
            lanes().any(|(_, lane)| lane.tracks.iter().any(|it| it.at(cell).is_some()))
        };
        let cells: Vec<(u32, usize)> = cells.iter().filter(has_any).copied().collect();
        let mut series = Vec::new();
        for &reading in Reading::ALL {
            for (gpu, lane) in lanes() {
                let track = lane.tracks.get(reading as usize);
                series.extend(track.and_then(|track| track.series(reading, gpu, &cells)));
            }
        }
        Readings {
            buckets: cells.iter().map(|(bucket, _)| *bucket).collect(),
            series,
            ..Readings::default()
        }
    }
}

impl Lane {
    fn put(&mut self, cell: usize, reading: Reading, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(reading as usize) else {
            return;
        };
        if track.cells.len() <= cell {
            track.cells.resize(cell + 1, None);
        }
        if let Some(kept) = track.cells.get_mut(cell) {
            *kept = both(*kept, Some((value, value)));
        }
    }

    fn of(&mut self, reading: Reading, total: Option<f64>) {
        if let Some(track) = self.tracks.get_mut(reading as usize) {
            track.total = total.or(track.total);
        }
    }

    fn gpu(&mut self, cell: usize, gpu: &GpuSample) {
        let bytes = |value: Option<u64>| value.map(|it| it as f64);
        let small = |value: Option<u32>| value.map(f64::from);
        for (reading, value) in [
            (Reading::GpuMemoryUsedBytes, bytes(gpu.memory_used_bytes)),
            (
                Reading::GpuWorkerMemoryBytes,
                bytes(gpu.worker_memory_bytes),
            ),
            (Reading::GpuPowerMilliwatts, bytes(gpu.power_milliwatts)),
            (Reading::GpuCelsius, small(gpu.celsius)),
            (Reading::GpuSmClockMegahertz, small(gpu.sm_clock_mhz)),
            (
                Reading::GpuMemoryClockMegahertz,
                small(gpu.memory_clock_mhz),
            ),
            (
                Reading::GpuUtilizationPercent,
                small(gpu.utilization_percent),
            ),
        ] {
            self.put(cell, reading, value);
        }
        self.of(Reading::GpuMemoryUsedBytes, bytes(gpu.memory_total_bytes));
    }
}

impl Track {
    fn at(&self, cell: usize) -> Cell {
        self.cells.get(cell).copied().flatten()
    }

    fn series(&self, reading: Reading, gpu: Option<u32>, cells: &[(u32, usize)]) -> Option<Series> {
        let values = || cells.iter().map(|&(_, cell)| self.at(cell));
        let low: Vec<Option<f64>> = values().map(|it| it.map(|(low, _)| low)).collect();
        let high: Vec<Option<f64>> = values().map(|it| it.map(|(_, high)| high)).collect();
        low.iter().any(Option::is_some).then(|| Series {
            reading,
            gpu,
            high: if high == low { Vec::new() } else { high },
            low,
            total: self.total,
        })
    }
}

fn both(one: Cell, other: Cell) -> Cell {
    match (one, other) {
        (Some((low, high)), Some((lower, higher))) => Some((low.min(lower), high.max(higher))),
        (one, other) => one.or(other),
    }
}
