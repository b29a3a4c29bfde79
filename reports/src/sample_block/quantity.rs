//! What a sample is made of: under which name and in which unit each quantity is a column.
//!
//! Memory goes in steps of 64 KiB and power in steps of 100 mW: finer is noise, and costs most of
//! the room. A name is never given another meaning: a column of another unit has another name.

use crate::sample::{GpuSample, Sample, WorkerSample};

pub type Set<T> = fn(&mut T, Option<i64>);

pub struct Quantity<T> {
    pub name: &'static str,
    pub get: fn(&T) -> Option<i64>,
    pub set: Set<T>,
}

/// In whole steps, rounded down.
pub fn whole(value: impl Into<u64>, step: u64) -> i64 {
    i64::try_from(value.into() / step).unwrap_or(i64::MAX)
}

/// Undoes [`whole`]; nothing for what the field cannot hold.
fn times<T: TryFrom<u64>>(steps: i64, step: u64) -> Option<T> {
    let value = u64::try_from(steps).ok()?.checked_mul(step)?;
    T::try_from(value).ok()
}

fn parts(value: f64, per_one: f64) -> i64 {
    (value * per_one).round() as i64
}

const KIB_64: u64 = 64 << 10;

/// A whole number in a field: `"name" = part.field in steps of N`.
macro_rules! in_steps {
    ($name:literal, $($field:ident).+, $step:expr) => {
        Quantity {
            name: $name,
            get: |of| of.$($field).+.map(|value| whole(value, $step)),
            set: |of, value| of.$($field).+ = value.and_then(|value| times(value, $step)),
        }
    };
}

/// A broken number in a field, in so many parts of one.
macro_rules! in_parts {
    ($name:literal, $($field:ident).+, $per_one:expr) => {
        Quantity {
            name: $name,
            get: |of| of.$($field).+.map(|value| parts(value, $per_one)),
            set: |of, value| of.$($field).+ = value.map(|value| value as f64 / $per_one),
        }
    };
}

/// The same of the worker. One that has no pid is none: [`super::SampleBlock::each`] sees to that.
macro_rules! of_the_worker {
    ($name:literal, $field:ident, $step:expr) => {
        Quantity {
            name: $name,
            get: |of| of.worker.as_ref()?.$field.map(|value| whole(value, $step)),
            set: |of, value| {
                let worker = of.worker.get_or_insert_with(WorkerSample::default);
                worker.$field = value.and_then(|value| times(value, $step));
            },
        }
    };
}

pub const OF_THE_MACHINE: &[Quantity<Sample>] = &[
    Quantity {
        name: "wall_less_mono_ms",
        get: |of| Some(whole(of.wall_us.saturating_sub(of.mono_us), 1000)),
        set: |of, value| {
            let distance: Option<u64> = value.and_then(|value| times(value, 1000));
            of.wall_us = of.mono_us.saturating_add(distance.unwrap_or(0));
        },
    },
    in_steps!("memory_total_kib", host.memory_total_bytes, 1 << 10),
    in_steps!(
        "memory_available_64kib",
        host.memory_available_bytes,
        KIB_64
    ),
    in_steps!("swap_used_64kib", host.swap_used_bytes, KIB_64),
    in_parts!("load_1m_hundredths", host.load_1m, 100.0),
    in_parts!(
        "psi_cpu_some_avg10_hundredths",
        host.psi_cpu_some_avg10,
        100.0
    ),
    in_parts!(
        "psi_memory_some_avg10_hundredths",
        host.psi_memory_some_avg10,
        100.0
    ),
    in_parts!(
        "psi_memory_full_avg10_hundredths",
        host.psi_memory_full_avg10,
        100.0
    ),
    in_parts!(
        "psi_io_some_avg10_hundredths",
        host.psi_io_some_avg10,
        100.0
    ),
    in_parts!("cpu_millicelsius", host.cpu_celsius, 1000.0),
    in_parts!("hottest_millicelsius", host.hottest_celsius, 1000.0),
    in_steps!("cgroup_memory_64kib", host.cgroup_memory_bytes, KIB_64),
    in_steps!(
        "cgroup_memory_limit_kib",
        host.cgroup_memory_limit_bytes,
        1 << 10
    ),
    Quantity {
        name: "pid",
        get: |of| Some(i64::from(of.worker.as_ref()?.pid)),
        set: |of, value| {
            let pid = value.and_then(|value| i32::try_from(value).ok());
            let worker = of.worker.get_or_insert_with(WorkerSample::default);
            worker.pid = pid.unwrap_or(0);
        },
    },
    of_the_worker!("rss_64kib", rss_bytes, KIB_64),
    of_the_worker!("pss_64kib", pss_bytes, KIB_64),
    of_the_worker!("threads", threads, 1),
    of_the_worker!("fds", fds, 1),
    of_the_worker!("cpu_ms", cpu_us, 1000),
    in_steps!("gpu_silent_ms", gpu_silent_us, 1000),
];

pub const OF_A_GPU: &[Quantity<GpuSample>] = &[
    in_steps!("memory_used_64kib", memory_used_bytes, KIB_64),
    in_steps!("memory_total_64kib", memory_total_bytes, KIB_64),
    in_steps!("memory_driver_64kib", memory_driver_bytes, KIB_64),
    in_steps!("worker_memory_64kib", worker_memory_bytes, KIB_64),
    in_steps!("power_100mw", power_milliwatts, 100),
    in_steps!("celsius", celsius, 1),
    in_steps!("utilization_percent", utilization_percent, 1),
    in_steps!("sm_clock_mhz", sm_clock_mhz, 1),
    in_steps!("memory_clock_mhz", memory_clock_mhz, 1),
    in_steps!("throttle_reasons", throttle_reasons, 1),
    in_steps!("memory_celsius", memory_celsius, 1),
    in_steps!("memory_utilization_percent", memory_utilization_percent, 1),
    in_steps!("performance_state", performance_state, 1),
    in_steps!("fan_percent", fan_percent, 1),
    in_steps!("pcie_generation", pcie_generation, 1),
    in_steps!("pcie_width", pcie_width, 1),
    in_steps!("silent_ms", silent_us, 1000),
];
