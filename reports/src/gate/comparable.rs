//! Whether two runs are of the same thing on the same thing: hardware, driver, model, images, settings,
//! field by field. Times of runs that differ in one of them say nothing about a change.

use std::collections::BTreeMap;

use super::decision::Judgement;
use super::{Limits, Sides};
use crate::environment::Environment;
use crate::report::Report;

/// A kernel's own reservation changes the total a little from boot to boot.
const SAME_MEMORY: f64 = 0.02;
/// Recorded among the settings, and no reason for other times or outputs: how often, and what a gate
/// is there to find.
const NO_MATTER: [&str; 2] = ["cycles", "inject"];

/// One for each field that is not the same everywhere, unless it may differ.
pub fn differences(sides: &Sides<'_>, limits: &Limits) -> Vec<String> {
    let Some(first) = sides.baseline.first() else {
        return Vec::new();
    };
    let wanted = fields(first);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let others = sides
        .baseline
        .iter()
        .skip(1)
        .map(|it| (it, "the baseline itself has both"));
    let candidates = sides
        .candidate
        .iter()
        .map(|it| (it, "the baseline has the first"));
    for (report, whose) in candidates.chain(others) {
        let is = fields(report);
        let names = wanted.keys().chain(is.keys());
        for name in names.filter(|name| !limits.ignore.contains(name)) {
            let (was, now) = (wanted.get(name), is.get(name));
            if was != now && !found.contains_key(name) && !alike(name, was, now) {
                let shown =
                    |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
                found.insert(
                    name.clone(),
                    format!(
                        "{name} differs: {} and {} ({whose})",
                        shown(was),
                        shown(now)
                    ),
                );
            }
        }
    }
    found.into_values().collect()
}

pub fn judge(differences: &[String]) -> Judgement {
    if differences.is_empty() {
        return Judgement::pass(
            "the same hardware, driver, model, images and settings as the baseline",
        );
    }
    Judgement::inconclusive(format!(
        "{}; --ignore FIELD compares all the same",
        differences.join("; ")
    ))
}

fn alike(name: &str, was: Option<&String>, now: Option<&String>) -> bool {
    let number = |value: Option<&String>| value.and_then(|it| it.parse::<f64>().ok());
    match (name, number(was), number(now)) {
        ("memory_total_bytes", Some(was), Some(now)) => (was - now).abs() <= SAME_MEMORY * was,
        _ => false,
    }
}

/// What must be the same, by name.
fn fields(report: &Report) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if let Some(settings) = &report.run.settings
        && let Ok(serde_json::Value::Object(settings)) = serde_json::to_value(settings)
    {
        for (name, value) in settings {
            if !NO_MATTER.contains(&name.as_str()) && !value.is_null() {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                fields.insert(name, text);
            }
        }
    }
    if let Some(environment) = &report.environment {
        of_machine(environment, &mut fields);
    }
    of_images(report, &mut fields);
    fields
}

fn of_machine(environment: &Environment, fields: &mut BTreeMap<String, String>) {
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    put("architecture", Some(environment.architecture.clone()));
    put("cpu", environment.cpu.clone());
    put(
        "usable_cpus",
        environment.usable_cpus.map(|it| it.to_string()),
    );
    put(
        "memory_total_bytes",
        environment.memory_total_bytes.map(|it| it.to_string()),
    );
    let gpu = &environment.gpu;
    put("driver_version", gpu.driver_version.clone());
    put("cuda_version", gpu.cuda_version.clone());
    let names: Vec<String> = gpu
        .gpus
        .iter()
        .map(|gpu| gpu.name.clone().unwrap_or_else(|| "unnamed".to_owned()))
        .collect();
    put("gpus", (!names.is_empty()).then(|| names.join(", ")));
    let limits: Vec<String> = gpu
        .gpus
        .iter()
        .filter_map(|gpu| Some(format!("{} W", gpu.power_limit_milliwatts? / 1000)))
        .collect();
    put(
        "gpu_power_limit",
        (!limits.is_empty()).then(|| limits.join(", ")),
    );
}

fn of_images(report: &Report, fields: &mut BTreeMap<String, String>) {
    let names: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
    fields.insert("cases".to_owned(), names.join(", "));
    let images = report
        .cases
        .iter()
        .flat_map(|case| &case.attempts)
        .flat_map(|attempt| &attempt.images);
    for image in images {
        if let Some(digest) = &image.sha256 {
            let short: String = digest.chars().take(12).collect();
            fields.insert(format!("image_{:03}", image.index), short);
        }
    }
}
