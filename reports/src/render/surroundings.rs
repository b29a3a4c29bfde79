//! What it ran on and what became of the record, in words that every form of the report shares.

use crate::environment::Environment;
use crate::report::{JournalState, Report};
use crate::words::{counted, gib};

/// What is known of it, a row each.
pub fn environment(environment: &Environment) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            rows.push((name.to_owned(), value));
        }
    };
    row("crashpoint", Some(environment.crashpoint.clone()));
    row("kernel", environment.kernel.clone());
    row("distribution", environment.distribution.clone());
    row("architecture", Some(environment.architecture.clone()));
    row("CPU", environment.cpu.clone());
    row(
        "logical processors",
        environment.cpus.map(|all| match environment.usable_cpus {
            Some(usable) if usable != all => format!("{all}, {usable} of them usable"),
            _ => all.to_string(),
        }),
    );
    row("memory", environment.memory_total_bytes.map(gib));
    row("container", environment.container.clone());
    row(
        "memory limit of the control group",
        environment
            .cgroup
            .as_ref()
            .and_then(|group| group.memory_limit_bytes)
            .map(gib),
    );
    row("NVIDIA driver", environment.gpu.driver_version.clone());
    row("CUDA of the driver", environment.gpu.cuda_version.clone());
    for gpu in &environment.gpu.gpus {
        let name = gpu.name.as_deref().unwrap_or("a GPU without a name");
        let memory = gpu.memory_total_bytes.map(gib).unwrap_or_default();
        row(
            &format!("GPU {}", gpu.index),
            Some(format!("{name} {memory}")),
        );
    }
    row("no GPU", environment.gpu_absent_because.clone());
    if let Some(chosen) = &environment.runs_on {
        let device = format!("{} ({})", chosen.device, chosen.device_because);
        row("device", Some(device));
        let features = chosen.worker_features.join(", ");
        let with = if features.is_empty() {
            features
        } else {
            format!(" with {features}")
        };
        let worker = format!("{}{with} ({})", chosen.worker, chosen.worker_because);
        row("worker", Some(worker));
    }
    rows
}

/// What two runs must share to be compared, as far as it was set.
pub fn settings(report: &Report) -> Vec<String> {
    let Some(known) = &report.run.settings else {
        return Vec::new();
    };
    let shown = |name: &str, value: Option<String>| value.map(|it| format!("{name} {it}"));
    let number = |value: Option<u32>| value.map(|it| it.to_string());
    [
        shown("profile", known.profile.clone()),
        shown("model", known.model.clone()),
        shown("device", known.device.clone()),
        shown("dtype", known.dtype.clone()),
        shown("quantised to", known.quant.clone()),
        shown("language model", known.gguf.clone()),
        shown("seed", known.seed.map(|it| it.to_string())),
        shown("new tokens", number(known.max_new_tokens)),
        shown("threads", number(known.threads)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What became of the record: a sentence, and what is worth a line.
pub fn record(report: &Report) -> (String, Vec<String>) {
    let JournalState {
        records,
        torn_tail_bytes,
        damage,
        damage_left_out,
        ..
    } = &report.journal;
    let sentence = format!(
        "{} in the journal, {}.",
        counted(usize::try_from(*records).unwrap_or(usize::MAX), "record"),
        if report.journal.complete {
            "to its end"
        } else {
            "which stops before the run's end"
        }
    );
    let mut lines = Vec::new();
    if *torn_tail_bytes > 0 {
        lines.push(format!(
            "{torn_tail_bytes} bytes at the end are an interrupted write"
        ));
    }
    const SHOWN: usize = 20;
    for damage in damage.iter().take(SHOWN) {
        lines.push(format!(
            "damage in {} at byte {}: {}",
            damage.segment, damage.offset, damage.what
        ));
    }
    let more = damage_left_out.saturating_add(damage.len().saturating_sub(SHOWN) as u64);
    if more > 0 {
        lines.push(format!("and {more} more places"));
    }
    if let Some(slept) = report.run.slept_seconds {
        lines.push(format!("the machine slept for {slept:.1} s of the run"));
    }
    lines.extend(report.run.troubles.iter().take(SHOWN).cloned());
    (sentence, lines)
}
