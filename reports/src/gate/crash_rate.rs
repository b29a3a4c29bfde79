//! The crash rate of attempts, by its exact one-sided bound against a limit; without a limit, against
//! the baseline's by Fisher's exact test.

use super::decision::{Judgement, Measured, More, Test};
use super::{CONFIDENCE, Limits, Sides};
use crate::outcome::Outcome;
use crate::report::Report;
use crate::statistics::{Proportion, attempts_needed, fisher_above, tail_above};
use crate::words::{counted, percent};

pub fn judge(sides: &Sides<'_>, limits: &Limits) -> Judgement {
    let Some(rate) = rate(sides.candidate) else {
        return Judgement::nothing("no attempt came to an end");
    };
    let counts = format!(
        "{} of {} crashed, below {} at {:.0}%",
        rate.events,
        counted(rate.n as usize, "attempt"),
        percent(rate.below),
        CONFIDENCE * 100.0,
    );
    match (limits.max_crash_rate, self::rate(sides.baseline)) {
        (Some(limit), _) => against_limit(rate, counts, limit, sides.candidate.len()),
        (None, Some(before)) => against_baseline(rate, counts, before),
        (None, None) => Judgement::nothing(format!("{counts}; --max-crash-rate sets a limit")),
    }
}

/// Over attempts that count and ended.
fn rate(of: &[Report]) -> Option<Proportion> {
    let ended = || Sides::attempts(of).filter(|it| it.outcome != Outcome::Incomplete);
    let crashed = ended().filter(|it| it.crashed()).count();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Proportion::of(number(crashed), number(ended().count()))
}

fn against_limit(rate: Proportion, counts: String, limit: f64, runs: usize) -> Judgement {
    let needed = attempts_needed(rate.events, limit);
    let each = (f64::from(rate.n) / runs.max(1) as f64).max(1.0);
    let more = move |_| match needed {
        Some(needed) => {
            let missing = needed.saturating_sub(rate.n);
            let runs = (f64::from(missing) / each).ceil() as u32;
            let words = format!(
                "{needed} attempts in all with no further crash would show it at {:.0}%: {missing} more, or about {} like these",
                CONFIDENCE * 100.0,
                counted(runs as usize, "run"),
            );
            let more = More {
                attempts: Some(missing),
                runs: Some(runs),
                baseline_runs: None,
            };
            (more, words)
        }
        None => (
            More::default(),
            "no number of attempts can show it".to_owned(),
        ),
    };
    Judgement::Tested(Test {
        p_above: tail_above(rate.events, rate.n, limit),
        beyond: rate.interval.estimate > limit,
        within: rate.below <= limit,
        measured: measured(rate, limit, 0),
        because: format!("{counts} (limit {})", percent(limit)),
        more: Box::new(more),
    })
}

fn against_baseline(rate: Proportion, counts: String, before: Proportion) -> Judgement {
    let because = format!(
        "{counts}; the baseline's {} of {}",
        before.events,
        counted(before.n as usize, "attempt")
    );
    let p_above = fisher_above(&rate, &before);
    let higher = rate.interval.estimate > before.interval.estimate;
    Judgement::Tested(Test {
        p_above,
        beyond: higher,
        // No limit was set: it is no more than the baseline's as far as these attempts can tell.
        within: !higher,
        measured: measured(rate, before.interval.estimate, before.n as usize),
        because,
        more: Box::new(|_| {
            (
                More::default(),
                "it is higher, and so few attempts may differ so much by chance; --max-crash-rate sets a limit".to_owned(),
            )
        }),
    })
}

fn measured(rate: Proportion, limit: f64, n_baseline: usize) -> Measured {
    Measured {
        estimate: rate.interval.estimate,
        low: None,
        high: Some(rate.below),
        limit,
        n_candidate: rate.n as usize,
        n_baseline,
    }
}
