//! What the GPU's own numbers and the verdict say.

use serde_json::Value;

use super::{Judgement, NOTHING_DIED, Scene, kernel, numbers, rounded};
use crate::fold::GpuExtremes;
use crate::verdict::Class;
use crate::words::{gib, percent};

/// Sampling misses short peaks, so that this much has to be left over.
const ENOUGH_SHARE: f64 = 0.2;

const MEMORY: [Class; 4] = [
    Class::GpuOom,
    Class::GpuOomOtherProcess,
    Class::GpuOomFragmentation,
    Class::GpuMemoryLeak,
];
const DRIVER: [Class; 6] = [
    Class::DriverBug,
    Class::DriverMismatch,
    Class::DriverTooOld,
    Class::DriverNotLoaded,
    Class::GpuFirmware,
    Class::PeerTransferFault,
];
const HARDWARE: [Class; 4] = [
    Class::GpuFellOffBus,
    Class::GpuEccError,
    Class::GpuNvlinkFault,
    Class::GpuHardwareFault,
];

/// The GPUs of the death if there is one, otherwise of all attempts.
fn gpus<'a>(scene: &'a Scene<'_>) -> Vec<&'a GpuExtremes> {
    match scene.dead {
        Some(dead) => dead.extremes.gpus.values().collect(),
        None => scene
            .others()
            .flat_map(|finished| finished.extremes.gpus.values())
            .collect(),
    }
}

const NO_GPU: &str = "no GPU was watched";

pub fn memory(scene: &Scene<'_>) -> Judgement {
    let gpus = gpus(scene);
    let fullest = gpus
        .iter()
        .filter_map(|gpu| Some((gpu.memory_used_max_bytes?, gpu.memory_total_bytes?)))
        .filter(|(_, total)| *total > 0)
        .max_by(|a, b| share(*a).total_cmp(&share(*b)));
    let allocator = scene.run.allocator;
    let numbers = numbers([
        (
            "gpu_memory_used_max_bytes",
            fullest.map(|it| Value::from(it.0)),
        ),
        (
            "gpu_memory_total_bytes",
            fullest.map(|it| Value::from(it.1)),
        ),
        (
            "gpu_memory_used_max_share",
            fullest.map(|it| rounded(share(it))),
        ),
        (
            "allocator_allocated_max_bytes",
            allocator.map(|it| Value::from(it.allocated_bytes)),
        ),
        (
            "allocator_reserved_max_bytes",
            allocator.map(|it| Value::from(it.reserved_bytes)),
        ),
    ]);
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    }
    if let Some(class) = scene.verdict_is(&MEMORY) {
        return Judgement::by_verdict(numbers, class);
    }
    let Some(fullest) = fullest else {
        return Judgement::not_tested(numbers, NO_GPU);
    };
    let used = format!(
        "{} of {} ({})",
        gib(fullest.0),
        gib(fullest.1),
        percent(share(fullest))
    );
    if share(fullest) > 1.0 - ENOUGH_SHARE {
        return Judgement::not_tested(
            numbers,
            format!("it was nearly full, {used}, and no error says that it was too small"),
        );
    }
    if !scene.was_watched_to_the_end() {
        return Judgement::not_tested(
            numbers,
            format!("{used} at most, but no sample is near enough to the end"),
        );
    }
    Judgement::ruled_out(numbers, format!("{used} at most, up to the end"))
}

fn share((used, total): (u64, u64)) -> f64 {
    used as f64 / total as f64
}

pub fn driver(scene: &Scene<'_>) -> Judgement {
    let version = scene
        .run
        .environment
        .and_then(|environment| environment.gpu.driver_version.clone());
    let xids = scene.xids();
    let numbers = numbers([
        ("driver_version", version.map(Value::from)),
        ("kernel_log_lines", scene.kernel_log_lines()),
        ("xids", xids.clone().map(Value::from)),
    ]);
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    }
    if let Some(class) = scene.verdict_is(&DRIVER) {
        return Judgement::by_verdict(numbers, class);
    }
    if let Some((number, class)) = xids.and_then(|it| kernel::sign(&it, &DRIVER)) {
        return Judgement::supported(numbers, format!("Xid {number} at that time: {class}"));
    }
    if gpus(scene).is_empty() {
        return Judgement::not_tested(numbers, NO_GPU);
    }
    Judgement::not_tested(numbers, "run the same with another driver version")
}

pub fn hardware(scene: &Scene<'_>) -> Judgement {
    let gpus = gpus(scene);
    let said: Vec<Value> = gpus
        .iter()
        .flat_map(|gpu| &gpu.findings)
        .filter_map(|finding| serde_json::to_value(finding).ok())
        .collect();
    let found = !said.is_empty();
    let xids = scene.xids();
    let numbers = numbers([
        ("gpu_findings", found.then(|| Value::from(said))),
        ("kernel_log_lines", scene.kernel_log_lines()),
        ("xids", xids.clone().map(Value::from)),
    ]);
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    }
    if let Some(class) = scene.verdict_is(&HARDWARE) {
        return Judgement::by_verdict(numbers, class);
    }
    if let Some((number, class)) = xids.and_then(|it| kernel::sign(&it, &HARDWARE)) {
        return Judgement::supported(numbers, format!("Xid {number} at that time: {class}"));
    }
    if found {
        return Judgement::supported(numbers, "the GPU answered with errors instead of values");
    }
    if gpus.is_empty() {
        return Judgement::not_tested(numbers, NO_GPU);
    }
    Judgement::not_tested(numbers, "run the same on another card")
}
