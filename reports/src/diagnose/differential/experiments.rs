//! The experiments that would decide what a run leaves open, as commands for a person.
//!
//! crashpoint never sets a power limit or changes a driver: whoever owns the machine does.

use super::Scene;
use crate::ending::EndingKind;
use crate::report::{Experiment, SuspectFinding};
use crate::verdict::Class;
use crate::words::shell;

/// Deaths that a supply, heat or a bad contact may be behind, and that leave no word of it.
const SILENT: [Class; 7] = [
    Class::GpuFellOffBus,
    Class::MachineReset,
    Class::MachineResetHardwareError,
    Class::MachineResetWatchdog,
    Class::MachinePower,
    Class::ThermalShutdown,
    Class::GpuHardwareFault,
];
/// Low enough to take the peaks away, high enough to still be the same work.
const LOWERED: f64 = 0.7;
/// A limit that people can read.
const STEP_WATTS: f64 = 5.0;

pub fn experiments(scene: &Scene<'_>, suspect: &str, finding: SuspectFinding) -> Vec<Experiment> {
    if finding != SuspectFinding::NotTested || !is_silent(scene) {
        return Vec::new();
    }
    match suspect {
        "power" => vec![power_limit(scene), burn(scene, "If it dies as well, the model is out of it, and power or heat is left; if it survives, the power that the model draws in bursts still may be.")],
        "temperature" => vec![burn(scene, "Compare the highest temperature in its report with that of the crash: if it gets hotter and survives, it was not heat.")],
        "gpu_hardware" => vec![Experiment {
            what: "The card in another slot, without a riser and with a power cable of its own; then another card in its place. Whichever the fault goes with is at fault.".to_owned(),
            commands: vec![again(scene)],
        }],
        "driver" => vec![Experiment {
            what: "The same with another version of the driver.".to_owned(),
            commands: vec![again(scene)],
        }],
        _ => Vec::new(),
    }
}

fn is_silent(scene: &Scene<'_>) -> bool {
    scene.dead.is_some_and(|dead| {
        let class = dead.attempt.verdict.as_ref().map(|verdict| verdict.class);
        dead.attempt.ending.kind == EndingKind::MachineGone
            || class.is_some_and(|class| SILENT.contains(&class))
    })
}

/// NVML's index is not always the framework's; with one card they are the same.
fn gpu(scene: &Scene<'_>) -> u32 {
    let device = scene.run.settings.and_then(|it| it.device.as_deref());
    device
        .and_then(|device| device.strip_prefix("cuda:")?.parse().ok())
        .unwrap_or(0)
}

fn power_limit(scene: &Scene<'_>) -> Experiment {
    let index = gpu(scene);
    let known = scene
        .run
        .environment
        .and_then(|it| it.gpu.gpus.iter().find(|gpu| gpu.index == index))
        .and_then(|gpu| gpu.power_limit_milliwatts)
        .map(|milliwatts| milliwatts as f64 / 1000.0);
    let set = |watts: f64| format!("sudo nvidia-smi -i {index} -pl {watts:.0}");
    let mut commands = vec![format!("nvidia-smi -i {index} -q -d POWER")];
    match known {
        Some(limit) => {
            let lowered = (limit * LOWERED / STEP_WATTS).round() * STEP_WATTS;
            commands.extend([set(lowered), again(scene), set(limit)]);
        }
        None => commands.extend([
            format!("sudo nvidia-smi -i {index} -pl WATTS"),
            again(scene),
        ]),
    }
    Experiment {
        what: "The same with the GPU's power limit lowered, within the range that the first command shows. If it survives as often as it died before, power is the cause: the supply, its cable, or the limit itself. The last command puts it back.".to_owned(),
        commands,
    }
}

fn burn(scene: &Scene<'_>, meaning: &str) -> Experiment {
    let index = gpu(scene);
    let mut words: Vec<String> = ["crashpoint", "run", "burn", "--device"]
        .map(str::to_owned)
        .into();
    words.push(format!("cuda:{index}"));
    words.extend(["--burn", "10m"].map(str::to_owned));
    // A worker of one word is an executable of its own; ours is `crashpoint worker`.
    if let Some([worker]) = scene.dead.map(|dead| dead.attempt.command.as_slice())
        && scene.run.settings.is_some_and(|it| it.device.is_some())
    {
        words.extend(["--worker".to_owned(), worker.clone()]);
    }
    Experiment {
        what: format!("Full load without the model. {meaning}"),
        commands: vec![shell(&words)],
    }
}

/// The smallest command line that is known to end so, otherwise that of the run.
fn again(scene: &Scene<'_>) -> String {
    let smallest = scene.reproduction().and_then(|it| it.smallest.as_ref());
    let dead = scene.dead.map(|dead| &dead.attempt.again);
    smallest
        .and_then(|smallest| smallest.command.clone())
        .or_else(|| dead.filter(|words| !words.is_empty()).map(|it| shell(it)))
        .unwrap_or_else(|| shell(scene.run.command))
}
