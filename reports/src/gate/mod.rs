//! A decision over runs and an optional baseline: pass, regression, or that it cannot be told yet.
//!
//! Each rule judges one thing and stands on a line of its own. The 5 % of false alarms hold for all
//! rules together: those that can be wrong by chance are corrected for one another.

mod comparable;
mod crash_rate;
mod crashes;
mod decision;
mod limits;
mod memory;
mod outputs;
mod ranked;
mod slope;
mod steady;
mod times;
mod values;
mod whole;

pub use decision::{Decision, Measured, More, Rule, RuleResult, Verdict};
pub use limits::Limits;

use crate::report::{Attempt, Report};
use crate::statistics::holm;
use decision::Judgement;

/// What a gate may be wrong by: one alarm in twenty gates over unchanged runs.
pub const FALSE_ALARMS: f64 = 0.05;
/// Of the bounds that a pass rests on.
pub const CONFIDENCE: f64 = 0.95;

/// What is judged, and what it is held against; both may be several runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub candidate: &'a [Report],
    pub baseline: &'a [Report],
}

/// Decides over the candidate's runs. Without a baseline only what needs none is judged.
pub fn decide(candidate: &[Report], baseline: &[Report], limits: &Limits) -> Decision {
    let sides = Sides {
        candidate,
        baseline,
    };
    let differences = comparable::differences(&sides, limits);
    let mut judged: Vec<(Rule, Judgement)> = vec![
        (Rule::Whole, whole::judge(&sides)),
        (Rule::Crashes, crashes::judge(&sides, limits)),
        (Rule::CrashRate, crash_rate::judge(&sides, limits)),
        (Rule::Outputs, outputs::judge(&sides, &differences)),
    ];
    if !baseline.is_empty() {
        let unsteady = if limits.skip.contains(&Rule::Steady) {
            Vec::new()
        } else {
            steady::unsteady(&sides)
        };
        judged.push((Rule::Comparable, comparable::judge(&differences)));
        judged.push((Rule::Steady, steady::judge(&unsteady)));
        let doubt = differences.first().or(unsteady.first());
        let hindered = |judge: &dyn Fn() -> Judgement, by: Option<&String>| match by {
            Some(by) => Judgement::inconclusive(format!("not compared: {by}")),
            None => judge(),
        };
        for (rule, figure) in times::FIGURES {
            let judge = || times::judge(&sides, figure, limits);
            judged.push((rule, hindered(&judge, doubt)));
        }
        for (rule, figure) in memory::FIGURES {
            let judge = || memory::judge(&sides, figure, limits);
            judged.push((rule, hindered(&judge, differences.first())));
        }
    }
    judged.push((Rule::MemorySlope, slope::judge(&sides, limits)));
    for (rule, judgement) in &mut judged {
        if limits.skip.contains(rule) {
            *judgement = Judgement::nothing("left out (--skip)");
        }
    }
    let ps: Vec<f64> = judged.iter().filter_map(|(_, it)| it.p_value()).collect();
    let mut adjusted = holm(&ps).into_iter();
    let tests = ps.len();
    let rules = judged
        .into_iter()
        .map(|(rule, judgement)| {
            let adjusted = judgement.p_value().and_then(|_| adjusted.next());
            judgement.settle(rule, adjusted, tests)
        })
        .collect();
    Decision::of(&sides, rules)
}

impl<'a> Sides<'a> {
    /// Attempts that count, of one side.
    fn attempts(of: &'a [Report]) -> impl Iterator<Item = &'a Attempt> {
        of.iter()
            .flat_map(|report| &report.cases)
            .flat_map(|case| &case.attempts)
            .filter(|attempt| attempt.counts())
    }
}
