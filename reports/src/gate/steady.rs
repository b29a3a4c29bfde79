//! Whether the machine was itself: a GPU that throttles, or processors that others use, make times that
//! say nothing about a change.

use super::Sides;
use super::decision::Judgement;
use crate::report::Report;

/// The hardware's own protection, or heat, as the report calls it.
const ALWAYS: [(&str, &str); 4] = [
    ("hw_slowdown", "hardware slowdown"),
    ("sw_thermal_slowdown", "software thermal slowdown"),
    ("hw_thermal_slowdown", "hardware thermal slowdown"),
    ("hw_power_brake_slowdown", "power brake"),
];
/// Common under full load: comparable if it was so in every run.
const POWER_CAP: &str = "sw_power_cap";
/// Share of time, in percent, by which processes may wait more for a processor than in the baseline.
const BUSIER: f64 = 15.0;

/// Why times can't be compared, one for each reason.
pub fn unsteady(sides: &Sides<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for report in sides.candidate.iter().chain(sides.baseline) {
        for (reason, name) in ALWAYS {
            if was_throttled(report, reason) {
                found.push(format!(
                    "a GPU was throttled in the run {} ({name})",
                    report.run.id
                ));
            }
        }
    }
    let capped = |of: &[Report]| of.iter().filter(|it| was_throttled(it, POWER_CAP)).count();
    let (here, there) = (capped(sides.candidate), capped(sides.baseline));
    let everywhere = here == sides.candidate.len() && there == sides.baseline.len();
    if here + there > 0 && !everywhere {
        found.push(format!(
            "a GPU was at its power limit in {here} of {} runs, and in {there} of {} of the baseline",
            sides.candidate.len(),
            sides.baseline.len()
        ));
    }
    if let Some(known) = sides
        .baseline
        .iter()
        .filter_map(pressure)
        .max_by(f64::total_cmp)
    {
        for report in sides.candidate {
            if let Some(now) = pressure(report).filter(|now| *now > known + BUSIER) {
                found.push(format!(
                    "in the run {} processes waited for a processor {now:.0}% of the time, in the baseline at most {known:.0}%",
                    report.run.id
                ));
            }
        }
    }
    found
}

pub fn judge(unsteady: &[String]) -> Judgement {
    if unsteady.is_empty() {
        return Judgement::pass(
            "no GPU was throttled, and the processors were as free as in the baseline",
        );
    }
    Judgement::inconclusive(format!("times say nothing: {}", unsteady.join("; ")))
}

fn was_throttled(report: &Report, reason: &str) -> bool {
    let mut reasons = report.gpus.iter().flat_map(|gpu| &gpu.throttled);
    reasons.any(|it| it.reason == reason)
}

fn pressure(report: &Report) -> Option<f64> {
    report.observed.as_ref()?.cpu_pressure_percent
}
