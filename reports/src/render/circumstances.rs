//! Where and how an attempt ended, in words that every form of the report shares. Why is a verdict.

use crate::outcome::Outcome;
use crate::report::{Attempt, CrashPoint, Report};
use crate::sample::Sample;
use crate::words::{duration, gib, size};

/// Every attempt that did not survive and was not made to look into one, with its case, as they came.
pub fn deaths(report: &Report) -> Vec<(&str, &Attempt)> {
    let mut dead: Vec<(&str, &Attempt)> = report
        .cases
        .iter()
        .flat_map(|case| case.attempts.iter().map(|it| (case.name.as_str(), it)))
        .filter(|(_, it)| it.counts() && it.outcome != Outcome::Survived)
        .collect();
    dead.sort_by_key(|(_, attempt)| attempt.number);
    dead
}

/// What became of it, as a heading has it.
pub fn heading(attempt: &Attempt) -> &'static str {
    match attempt.outcome {
        Outcome::Died => "Died",
        Outcome::Failed => "Failed",
        Outcome::Incomplete | Outcome::Survived => "Not finished",
    }
}

/// Which run it is, when and how long: the parts of one sentence.
pub fn run(report: &Report) -> Vec<String> {
    let run = &report.run;
    let mut parts = vec![format!("Run {}", run.id)];
    parts.extend(run.started.as_ref().map(|it| format!("started {it}")));
    parts.push(format!("took {}", duration(run.seconds)));
    if !run.complete {
        parts.push("its record stops before its end".to_owned());
    }
    parts
}

pub fn circumstances(attempt: &Attempt) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(point) = &attempt.crash_point {
        facts.push(("where", point.place()));
        if let Some(file) = &point.file {
            facts.push(("image", image(file, point)));
        }
        if let Some(bytes) = point.allocated_bytes {
            let said = format!("{} in use, by the worker's own word", size(bytes));
            facts.push(("allocator", said));
        }
        if let Some(sample) = &point.last_sample {
            facts.push((
                "last sample",
                last_sample(sample, point.last_sample_age_seconds),
            ));
        }
    }
    facts.push(("how", attempt.ending.to_string()));
    facts.extend(attempt.limit.clone().map(|limit| ("limit", limit)));
    let said = attempt.error.as_ref().map(|it| &it.message);
    if let Some(error) = attempt.spawn_error.as_ref().or(said) {
        facts.push(("error", error.clone()));
    }
    facts.push(("after", duration(attempt.seconds)));
    facts
}

fn image(file: &str, point: &CrashPoint) -> String {
    match &point.sha256 {
        Some(sha256) => format!("{file}, SHA-256 {sha256}"),
        None => file.to_owned(),
    }
}

fn last_sample(sample: &Sample, age: Option<f64>) -> String {
    let mut parts = Vec::new();
    if let Some(age) = age {
        parts.push(format!("{} before the end", duration(age)));
    }
    if let Some(rss) = sample.worker.as_ref().and_then(|worker| worker.rss_bytes) {
        parts.push(format!("worker {}", size(rss)));
    }
    let host = &sample.host;
    if let (Some(available), Some(total)) = (host.memory_available_bytes, host.memory_total_bytes) {
        parts.push(format!("{} of {} available", gib(available), gib(total)));
    }
    if let Some(celsius) = host.cpu_celsius {
        parts.push(format!("CPU {celsius:.0} °C"));
    }
    for gpu in &sample.gpus {
        let mut of_gpu = vec![format!("GPU {}", gpu.index)];
        if let (Some(used), Some(total)) = (gpu.memory_used_bytes, gpu.memory_total_bytes) {
            of_gpu.push(format!("{} of {}", gib(used), gib(total)));
        }
        if let Some(celsius) = gpu.celsius {
            of_gpu.push(format!("{celsius} °C"));
        }
        if let Some(power) = gpu.power_milliwatts {
            of_gpu.push(format!("{:.0} W", power as f64 / 1000.0));
        }
        parts.push(of_gpu.join(" "));
    }
    parts.join(", ")
}
