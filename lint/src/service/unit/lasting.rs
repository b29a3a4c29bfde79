//! How a service is started again, how long it may take to start, and how it is ended.

use std::time::Duration;

use super::read::Unit;
use crate::service::evidence::Evidence;
use crate::service::finding::Findings;
use crate::service::quantity;

/// Where systemd looks for it since version 230. In the older place only the older names count.
pub fn start_limit(unit: &Unit, findings: &mut Findings<'_>) {
    for key in ["StartLimitIntervalSec"] {
        if let Some(setting) = unit.service(key) {
            let message = format!("{key}= is ignored in [Service]: it belongs into [Unit]");
            findings.add("start-limit-ignored", &setting.lines, message);
        }
    }
}

pub fn check(unit: &Unit, evidence: &Evidence, findings: &mut Findings<'_>) {
    restart(unit, findings);
    start(unit, evidence, findings);
    end(unit, findings);
}

/// systemd's own: five starts within ten seconds.
const INTERVAL: Duration = Duration::from_secs(10);
const BURST: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

fn restart(unit: &Unit, findings: &mut Findings<'_>) {
    let Some(restart) = unit
        .service("Restart")
        .filter(|it| it.value == "always" || it.value == "on-failure")
    else {
        return;
    };
    let find = |keys: [&'static str; 3]| {
        [("Unit", keys[0]), ("Unit", keys[1]), ("Service", keys[2])]
            .into_iter()
            .find_map(|(section, key)| unit.one(section, key))
    };
    let interval = find([
        "StartLimitIntervalSec",
        "StartLimitInterval",
        "StartLimitInterval",
    ]);
    let burst = find(["StartLimitBurst", "StartLimitBurst", "StartLimitBurst"]);
    let seconds = interval.map_or(Some(INTERVAL), |it| quantity::span(&it.value));
    let starts = burst.map_or(Some(BURST), |it| it.value.parse().ok());
    let pause = unit
        .service("RestartSec")
        .map_or(Some(PAUSE), |it| quantity::span(&it.value));
    let (Some(seconds), Some(starts), Some(pause)) = (seconds, starts, pause) else {
        return;
    };
    let at = interval.or(burst).unwrap_or(restart);
    let never = pause.saturating_mul(starts);
    if seconds.is_zero() || starts == 0 {
        let message = format!(
            "Restart={} for ever: {}={} switches the limit off",
            restart.value, at.key, at.value
        );
        findings.add("restart-without-limit", &at.lines, message);
    } else if never >= seconds {
        let message = format!(
            "Restart={} for ever: with {} s between them, {starts} starts never fall within {} s",
            restart.value,
            pause.as_secs_f64(),
            seconds.as_secs_f64()
        );
        findings.add("restart-without-limit", &restart.lines, message);
    }
}

/// Shorter than any model of some size is loaded in: LLaVA-1.5-7B took 14 s from a warm disk.
const LOAD: Duration = Duration::from_secs(30);

/// Other types are started as soon as the program runs.
fn start(unit: &Unit, evidence: &Evidence, findings: &mut Findings<'_>) {
    let waits = unit.service("Type").is_some_and(|it| {
        matches!(
            it.value.as_str(),
            "notify" | "notify-reload" | "forking" | "oneshot"
        )
    });
    let timeout = unit
        .service("TimeoutStartSec")
        .or_else(|| unit.service("TimeoutSec"));
    let Some(timeout) = timeout.filter(|_| waits) else {
        return;
    };
    if let Some(span) = quantity::span(&timeout.value)
        && !span.is_zero()
        && span < LOAD
    {
        let message = format!(
            "{}={} for a service that loads a model before it is ready ({})",
            timeout.key, timeout.value, evidence.because
        );
        findings.add("start-timeout", &timeout.lines, message);
    }
}

fn end(unit: &Unit, findings: &mut Findings<'_>) {
    if let Some(mode) = unit
        .service("KillMode")
        .filter(|it| matches!(it.value.as_str(), "process" | "none"))
    {
        let message = format!(
            "KillMode={} leaves the service's other processes running, with what they hold of the GPU",
            mode.value
        );
        findings.add("kill-mode", &mode.lines, message);
    }
}
