//! What the host's sensors say.

use serde_json::Value;

use super::{Judgement, NOTHING_DIED, Scene, numbers, rounded};
use crate::ending::EndingKind;
use crate::fold::Extremes;
use crate::throttle::{HEAT, POWER_BRAKE};
use crate::verdict::Class;
use crate::words::percent;

/// With a fifth of it to be had, memory is not what a process dies of.
const ENOUGH_SHARE: f64 = 0.2;
/// Well under the limits at which processors and GPUs begin to slow down.
const COOL_CELSIUS: f64 = 75.0;

const MEMORY: [Class; 5] = [
    Class::HostOomKernel,
    Class::HostOomCgroup,
    Class::HostOomUserspace,
    Class::HostAllocFailed,
    Class::HostMemoryLeak,
];

/// Of the death if there is one, otherwise of the run's attempts together.
fn of<T>(
    scene: &Scene<'_>,
    worst: fn(T, T) -> T,
    get: impl Fn(&Extremes) -> Option<T>,
) -> Option<T> {
    match scene.dead {
        Some(dead) => get(&dead.extremes),
        None => scene
            .others()
            .filter_map(|finished| get(&finished.extremes))
            .reduce(worst),
    }
}

pub fn memory(scene: &Scene<'_>) -> Judgement {
    let available = of(scene, f64::min, Extremes::memory_available_min_share);
    let group = of(scene, f64::max, |it| it.cgroup_memory_max_share);
    let slope = scene.run.statistics.memory_slope.as_ref();
    let numbers = numbers([
        ("memory_available_min_share", available.map(rounded)),
        (
            "memory_available_min_bytes",
            of(scene, u64::min, |it| it.memory_available_min_bytes).map(Value::from),
        ),
        (
            "memory_total_bytes",
            of(scene, u64::max, |it| it.memory_total_bytes).map(Value::from),
        ),
        ("cgroup_memory_max_share", group.map(rounded)),
        (
            "worker_rss_max_bytes",
            of(scene, u64::max, |it| it.rss_max_bytes).map(Value::from),
        ),
        (
            "cgroup_oom_kills",
            scene.cgroup().and_then(|it| it.oom_kills).map(Value::from),
        ),
        (
            "cgroup_memory_peak_bytes",
            scene
                .cgroup()
                .and_then(|it| it.memory_peak_bytes)
                .map(Value::from),
        ),
        (
            "slope_bytes_per_image",
            slope.map(|slope| rounded(slope.bytes_per_image.estimate)),
        ),
        (
            "slope_low_bytes_per_image",
            slope.map(|slope| rounded(slope.bytes_per_image.low)),
        ),
        (
            "slope_high_bytes_per_image",
            slope.map(|slope| rounded(slope.bytes_per_image.high)),
        ),
    ]);
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    }
    if let Some(class) = scene.verdict_is(&MEMORY) {
        return Judgement::by_verdict(numbers, class);
    }
    if let Some(kills) = scene
        .cgroup()
        .and_then(|it| it.oom_kills)
        .filter(|&it| it > 0)
    {
        return Judgement::not_tested(
            numbers,
            format!(
                "{kills} processes of its control group were ended for memory meanwhile, and nothing proves that it was one of them"
            ),
        );
    }
    let Some(share) = available else {
        return Judgement::not_tested(numbers, "no sample of the host's memory was taken");
    };
    if share < ENOUGH_SHARE || group.is_some_and(|used| used > 1.0 - ENOUGH_SHARE) {
        return Judgement::not_tested(
            numbers,
            "memory was short, and nothing proves that it was the cause: look for the kernel's OOM lines",
        );
    }
    if slope.is_some_and(|slope| slope.bytes_per_image.low > 0.0) {
        return Judgement::not_tested(
            numbers,
            "there was memory to be had, but the worker's grew with the images",
        );
    }
    if !scene.was_watched_to_the_end() {
        return Judgement::not_tested(
            numbers,
            "there was memory to be had, but no sample is near enough to the end",
        );
    }
    // The counter misses nothing between two samples.
    let counted = match scene.cgroup().and_then(|it| it.oom_kills) {
        Some(_) => "; its control group counted no OOM kill",
        None => "",
    };
    let trend = match slope {
        Some(_) => "and the worker's showed no growth",
        None => "up to the end (too few images for a slope)",
    };
    Judgement::ruled_out(
        numbers,
        format!(
            "at least {} of memory was always available, {trend}{counted}",
            percent(share)
        ),
    )
}

fn throttle_reasons(scene: &Scene<'_>) -> u64 {
    of(
        scene,
        |a, b| a | b,
        |it| {
            it.gpus
                .values()
                .map(|gpu| gpu.throttle_reasons)
                .reduce(|a, b| a | b)
        },
    )
    .unwrap_or(0)
}

pub fn temperature(scene: &Scene<'_>) -> Judgement {
    let gpu = of(scene, f64::max, |it| {
        it.gpus
            .values()
            .filter_map(|gpu| gpu.max_celsius.map(f64::from))
            .reduce(f64::max)
    });
    let cpu = of(scene, f64::max, |it| it.cpu_max_celsius);
    let hottest = of(scene, f64::max, |it| it.hottest_max_celsius);
    let throttled = throttle_reasons(scene) & HEAT != 0;
    let numbers = numbers([
        ("cpu_max_celsius", cpu.map(rounded)),
        ("gpu_max_celsius", gpu.map(rounded)),
        ("hottest_max_celsius", hottest.map(rounded)),
        (
            "gpu_throttled_by_heat",
            gpu.is_some().then_some(Value::from(throttled)),
        ),
    ]);
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    }
    if let Some(class) = scene.verdict_is(&[Class::ThermalShutdown]) {
        return Judgement::by_verdict(numbers, class);
    }
    if throttled {
        return Judgement::supported(numbers, "the GPU slowed itself down because of its heat");
    }
    let uses_gpu = gpu.is_some();
    // Without the processor's own sensor, or a GPU's where one was at work, heat was not looked at.
    let known = [cpu, gpu, hottest].into_iter().flatten().reduce(f64::max);
    match known {
        Some(highest)
            if cpu.is_some() && highest < COOL_CELSIUS && scene.was_watched_to_the_end() =>
        {
            let note = if uses_gpu {
                "; the GPU's memory has a sensor that cannot be read"
            } else {
                ""
            };
            Judgement::ruled_out(
                numbers,
                format!("no sensor went over {highest:.0} °C up to the end{note}"),
            )
        }
        Some(highest) if highest >= COOL_CELSIUS => Judgement::not_tested(
            numbers,
            format!("{highest:.0} °C is warm, and nothing proves that it was the cause"),
        ),
        Some(_) => Judgement::not_tested(numbers, "not every sensor could be read up to the end"),
        None => Judgement::not_tested(numbers, "no temperature could be read"),
    }
}

pub fn power(scene: &Scene<'_>) -> Judgement {
    let peak = of(scene, u64::max, |it| {
        it.gpus
            .values()
            .filter_map(|gpu| gpu.power_max_milliwatts)
            .max()
    });
    let limit = scene.run.environment.and_then(|environment| {
        let limits = environment.gpu.gpus.iter();
        limits.filter_map(|gpu| gpu.power_limit_milliwatts).max()
    });
    let braked = throttle_reasons(scene) & POWER_BRAKE != 0;
    let numbers = numbers([
        ("gpu_power_max_milliwatts", peak.map(Value::from)),
        ("gpu_power_limit_milliwatts", limit.map(Value::from)),
        (
            "gpu_power_brake",
            peak.is_some().then_some(Value::from(braked)),
        ),
    ]);
    let Some(dead) = scene.dead else {
        return Judgement::not_tested(numbers, NOTHING_DIED);
    };
    if let Some(class) = scene.verdict_is(&[Class::MachinePower]) {
        return Judgement::by_verdict(numbers, class);
    }
    if braked {
        return Judgement::supported(numbers, "the power supply told the GPU to slow down");
    }
    let machine_stayed = dead.attempt.ending.kind != EndingKind::MachineGone;
    let no_gpu_at_work = scene
        .run
        .settings
        .and_then(|settings| settings.device.as_deref())
        == Some("cpu");
    if machine_stayed && no_gpu_at_work {
        return Judgement::ruled_out(
            numbers,
            "the machine went on running, and the work was on the processor alone",
        );
    }
    Judgement::not_tested(
        numbers,
        "limit the GPU's power (nvidia-smi -pl) and run the same again; no sensor sees a spike of milliseconds",
    )
}
