//! Whether the machine was itself: a GPU that throttles, or processors that others use, make times that
//! say nothing about a change.

use super::Sides;
use super::decision::Judgement;
use crate::observed::Observed;
use crate::report::Report;

/// NVML's reasons that are the hardware's own protection, or heat.
const ALWAYS: [(u64, &str); 4] = [
    (0x08, "hardware slowdown"),
    (0x20, "software thermal slowdown"),
    (0x40, "hardware thermal slowdown"),
    (0x80, "power brake"),
];
/// Common under full load: comparable if it was so in every run.
const POWER_CAP: u64 = 0x04;
/// Share of time, in percent, by which processes may wait more for a processor than in the baseline.
const BUSIER: f64 = 15.0;

/// Why times can't be compared, one for each reason.
pub fn unsteady(sides: &Sides<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for report in sides.candidate.iter().chain(sides.baseline) {
        let reasons = throttled(report);
        for (bit, name) in ALWAYS {
            if reasons & bit != 0 {
                found.push(format!(
                    "a GPU was throttled in the run {} ({name})",
                    report.run.id
                ));
            }
        }
    }
    let capped = |of: &[Report]| {
        of.iter()
            .filter(|it| throttled(it) & POWER_CAP != 0)
            .count()
    };
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

fn throttled(report: &Report) -> u64 {
    let gpus = report
        .observed
        .iter()
        .flat_map(|it: &Observed| it.gpus.values());
    gpus.fold(0, |all, gpu| all | gpu.throttle_reasons)
}

fn pressure(report: &Report) -> Option<f64> {
    report.observed.as_ref()?.cpu_pressure_percent
}
