//! What only the verdict can say: no sensor measures a setting.

use super::{Judgement, NOTHING_DIED, Scene, numbers};
use crate::verdict::Class;

const CONFIGURATION: [Class; 8] = [
    Class::ConfigMemoryPlan,
    Class::ConfigDtype,
    Class::ConfigQuantization,
    Class::ConfigPrompt,
    Class::ConfigOther,
    Class::ModelFilesBroken,
    Class::ModelUnsupported,
    Class::ContextOverflow,
];
const ENVIRONMENT: [Class; 9] = [
    Class::LibraryMissing,
    Class::LibraryMismatch,
    Class::EnvironmentVariable,
    Class::CpuInstructionSet,
    Class::PermissionDenied,
    Class::GpuNotVisible,
    Class::DriverMismatch,
    Class::DriverTooOld,
    Class::DriverNotLoaded,
];

pub fn configuration(scene: &Scene<'_>) -> Judgement {
    judge(
        scene,
        &CONFIGURATION,
        "all attempts shared one configuration: only a run with another one could tell",
    )
}

pub fn environment(scene: &Scene<'_>) -> Judgement {
    judge(
        scene,
        &ENVIRONMENT,
        "all attempts shared one environment: compare it with that of a run that works",
    )
}

fn judge(scene: &Scene<'_>, classes: &[Class], untested: &str) -> Judgement {
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers([]), NOTHING_DIED);
    }
    match scene.verdict_is(classes) {
        Some(class) => Judgement::by_verdict(numbers([]), class),
        None => Judgement::not_tested(numbers([]), untested),
    }
}
