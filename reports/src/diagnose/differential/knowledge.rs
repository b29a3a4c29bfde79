//! What only the verdict can say: no sensor measures a setting.

use super::{Judgement, NOTHING_DIED, Scene, numbers};
use crate::knowledge;
use crate::lint::{Finding, Severity};
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
        &seen_before(scene, |class| !ENVIRONMENT.contains(&class)),
        "all attempts shared one configuration: only a run with another one could tell",
    )
}

pub fn environment(scene: &Scene<'_>) -> Judgement {
    judge(
        scene,
        &ENVIRONMENT,
        &seen_before(scene, |class| ENVIRONMENT.contains(&class)),
        "all attempts shared one environment: compare it with that of a run that works",
    )
}

/// Known mistakes that were seen before the run, of which something can die.
fn seen_before<'a>(scene: &Scene<'a>, is: impl Fn(Class) -> bool) -> Vec<&'a Finding> {
    let is_one = |it: &&Finding| {
        let class = knowledge::mistake(&it.rule).and_then(|mistake| mistake.class);
        it.severity < Severity::Note && is(class.unwrap_or(Class::ConfigOther))
    };
    scene.run.preflight.iter().filter(is_one).collect()
}

fn judge(scene: &Scene<'_>, classes: &[Class], seen: &[&Finding], untested: &str) -> Judgement {
    let mut rules: Vec<&str> = seen.iter().map(|it| it.rule.as_str()).collect();
    rules.dedup();
    let numbers = numbers([(
        "preflight",
        (!rules.is_empty()).then(|| rules.join(", ").into()),
    )]);
    let because = |otherwise: &str| match seen.first() {
        None => otherwise.to_owned(),
        Some(first) => format!(
            "{otherwise}; before the run, in {}: {}",
            first.file, first.message
        ),
    };
    if scene.dead.is_none() {
        return Judgement::not_tested(numbers, because(NOTHING_DIED));
    }
    match scene.verdict_is(classes) {
        Some(class) => Judgement::by_verdict(numbers, class),
        None => Judgement::not_tested(numbers, because(untested)),
    }
}
