//! Where an attempt was when the machine or its supervisor went away, in a sentence.

use crate::ending::EndingKind;
use crate::recovery::Recovery;
use crate::report::{Attempt, CrashPoint};
use crate::sample::{GpuSample, Sample};
use crate::words::{counted, duration, gib, percent, size};

/// `fifth: machine reset during image 5, phase decode, at least 41 tokens in; the record ends 0.8 s
/// after that: 344 W, 71 °C, 6.85 GiB`, as far as it is known. `None` if somebody saw it end.
pub fn sentence(attempt: &Attempt, recovery: Option<&Recovery>) -> Option<String> {
    let recovery = recovery?;
    let unseen = matches!(
        attempt.ending.kind,
        EndingKind::MachineGone | EndingKind::Unreported
    );
    let point = attempt.crash_point.as_ref().filter(|_| unseen)?;
    let mut text = format!(
        "{}: {} during {}",
        case(point),
        recovery.ended_by.words(),
        place(point)
    );
    let last = point.last_sample.as_ref().map(readings).unwrap_or_default();
    match point.record_ends_seconds {
        Some(after) => text += &format!("; the record ends {} after that", tenths(after)),
        None if !last.is_empty() => text += "; at the end of the record",
        None => {}
    }
    if !last.is_empty() {
        text += &format!(": {last}");
    }
    Some(text)
}

fn case(point: &CrashPoint) -> String {
    match point.attempt {
        1 => point.case.clone(),
        n => format!("{}, attempt {n}", point.case),
    }
}

fn place(point: &CrashPoint) -> String {
    let mut place = String::new();
    if let Some(image) = point.image {
        place += &format!("image {image}");
        if let Some(position) = point.position.filter(|&it| it != image) {
            place += &format!(" at position {position}");
        }
        place += ", ";
    }
    place += &format!("phase {}", point.phase);
    if let Some(token) = point.token {
        place += &format!(", at least {} in", counted(token as usize, "token"));
    }
    place
}

/// More digits would claim to know better than a disk's flush does.
fn tenths(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s => duration(s),
    }
}

/// The GPU that the worker was on, else the machine's own figures.
fn readings(sample: &Sample) -> String {
    let gpu = sample
        .gpus
        .iter()
        .max_by_key(|gpu| (gpu.worker_memory_bytes, gpu.power_milliwatts));
    let parts = match gpu {
        Some(gpu) => of_gpu(gpu),
        None => of_host(sample),
    };
    parts.join(", ")
}

fn of_gpu(gpu: &GpuSample) -> Vec<String> {
    let power = gpu
        .power_milliwatts
        .map(|milliwatts| format!("{:.0} W", milliwatts as f64 / 1000.0));
    let heat = gpu.celsius.map(|celsius| format!("{celsius} °C"));
    let memory = gpu.memory_used_bytes.map(gib);
    [power, heat, memory].into_iter().flatten().collect()
}

fn of_host(sample: &Sample) -> Vec<String> {
    let host = &sample.host;
    let heat = host
        .cpu_celsius
        .or(host.hottest_celsius)
        .map(|celsius| format!("{celsius:.0} °C"));
    let worker = sample
        .worker
        .as_ref()
        .and_then(|worker| worker.rss_bytes)
        .map(|bytes| format!("worker {}", size(bytes)));
    let used = host
        .memory_available_bytes
        .zip(host.memory_total_bytes.filter(|&total| total > 0))
        .map(|(available, total)| {
            let share = 1.0 - available as f64 / total as f64;
            format!("{} of the host's memory used", percent(share))
        });
    [heat, worker, used].into_iter().flatten().collect()
}
