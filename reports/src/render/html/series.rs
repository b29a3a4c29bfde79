//! Which readings share a panel of the time line, in which unit, and how far its axis goes.

use crate::time_line::{Reading, Readings, Series};

pub struct Panel<'a> {
    pub title: &'static str,
    pub unit: Unit,
    pub series: Vec<&'a Series>,
    /// Of the axis, in the unit of the readings.
    pub bottom: f64,
    pub top: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub struct Unit {
    pub name: &'static str,
    /// So many of what was read are one of it.
    pub of: f64,
    pub digits: usize,
}

const GIB: Unit = unit("GiB", 1_073_741_824.0, 2);
const MIB: Unit = unit("MiB", 1_048_576.0, 1);
const WATT: Unit = unit("W", 1000.0, 1);
const CELSIUS: Unit = unit("°C", 1.0, 0);
const MEGAHERTZ: Unit = unit("MHz", 1.0, 0);
const PERCENT: Unit = unit("%", 1.0, 0);

const fn unit(name: &'static str, of: f64, digits: usize) -> Unit {
    Unit { name, of, digits }
}

/// In the order in which they are shown.
const PANELS: [(&str, &[Reading]); 7] = [
    (
        "GPU memory",
        &[Reading::GpuMemoryUsedBytes, Reading::GpuWorkerMemoryBytes],
    ),
    ("Host memory", &[Reading::HostMemoryUsedBytes]),
    ("Worker memory", &[Reading::WorkerRssBytes]),
    ("Power", &[Reading::GpuPowerMilliwatts]),
    (
        "Temperature",
        &[
            Reading::GpuCelsius,
            Reading::CpuCelsius,
            Reading::HottestCelsius,
        ],
    ),
    (
        "Clocks",
        &[
            Reading::GpuSmClockMegahertz,
            Reading::GpuMemoryClockMegahertz,
        ],
    ),
    ("Utilisation", &[Reading::GpuUtilizationPercent]),
];

/// Those of which anything was read.
pub fn panels(readings: &Readings) -> Vec<Panel<'_>> {
    let of = |&(title, wanted): &(&'static str, &'static [Reading])| {
        let series: Vec<&Series> = wanted
            .iter()
            .flat_map(|reading| {
                readings
                    .series
                    .iter()
                    .filter(move |it| it.reading == *reading)
            })
            .collect();
        let (low, high) = series.iter().filter_map(|it| range(it)).reduce(|a, b| {
            let (low, high) = b;
            (a.0.min(low), a.1.max(high))
        })?;
        let total = series.iter().filter_map(|it| it.total).reduce(f64::max);
        let (bottom, top) = match wanted.first()? {
            Reading::GpuCelsius => ((low - 5.0).floor(), (high + 5.0).ceil()),
            Reading::GpuUtilizationPercent => (0.0, 100.0),
            _ => (0.0, total.unwrap_or(high * 1.1).max(high)),
        };
        Some(Panel {
            title,
            unit: unit_of(*wanted.first()?, top),
            series,
            bottom,
            top: if top > bottom { top } else { bottom + 1.0 },
        })
    };
    PANELS.iter().filter_map(of).collect()
}

fn unit_of(reading: Reading, top: f64) -> Unit {
    match reading {
        Reading::GpuMemoryUsedBytes
        | Reading::GpuWorkerMemoryBytes
        | Reading::HostMemoryUsedBytes
        | Reading::WorkerRssBytes => {
            if top < GIB.of {
                MIB
            } else {
                GIB
            }
        }
        Reading::GpuPowerMilliwatts => WATT,
        Reading::GpuCelsius | Reading::CpuCelsius | Reading::HottestCelsius => CELSIUS,
        Reading::GpuSmClockMegahertz | Reading::GpuMemoryClockMegahertz => MEGAHERTZ,
        Reading::GpuUtilizationPercent => PERCENT,
    }
}

impl Unit {
    pub fn number(self, value: f64) -> String {
        format!("{:.*}", self.digits, value / self.of)
    }
}

/// The lowest and the highest of all.
pub fn range(series: &Series) -> Option<(f64, f64)> {
    let low = series.low.iter().flatten().copied().reduce(f64::min)?;
    let high = highs(series).iter().flatten().copied().reduce(f64::max)?;
    Some((low, high))
}

pub fn highs(series: &Series) -> &[Option<f64>] {
    if series.high.is_empty() {
        &series.low
    } else {
        &series.high
    }
}

/// `GPU 0 memory clock`.
pub fn name(series: &Series) -> String {
    let what = match series.reading {
        Reading::GpuMemoryUsedBytes => "in use",
        Reading::GpuWorkerMemoryBytes => "of the worker",
        Reading::HostMemoryUsedBytes => "in use",
        Reading::WorkerRssBytes => "resident",
        Reading::GpuPowerMilliwatts => "power",
        Reading::GpuCelsius => "temperature",
        Reading::CpuCelsius => "CPU",
        Reading::HottestCelsius => "hottest sensor",
        Reading::GpuSmClockMegahertz => "SM clock",
        Reading::GpuMemoryClockMegahertz => "memory clock",
        Reading::GpuUtilizationPercent => "utilisation",
    };
    match series.gpu {
        Some(gpu) => format!("GPU {gpu} {what}"),
        None => what.to_owned(),
    }
}
