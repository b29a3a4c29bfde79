//! A rank test over the attempts of both sides, and against what runs differ by themselves.

use super::decision::{Judgement, Measured, More, Test};
use super::values::{Block, FEWEST_BLOCKS, Values};
use super::{CONFIDENCE, FALSE_ALARMS};
use crate::statistics::between_runs::{self, Between};
use crate::statistics::rank_test::{self, Shift};
use crate::words::counted;

/// Nobody makes more runs for one decision.
const MOST_RUNS: usize = 500;

/// How a figure is told: `slower`, `more`.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub worse: &'static str,
    pub better: &'static str,
}

/// Whether the candidate's values lie above the baseline's by more than `limit`, a share.
/// `noisy`: a figure that whole runs differ in, whatever is done in them.
pub fn judge(values: &Values, limit: f64, words: Words, noisy: bool) -> Judgement {
    let all = |blocks: &[Block]| -> Vec<f64> {
        blocks
            .iter()
            .flat_map(|it| it.values.iter().copied())
            .collect()
    };
    let (these, those) = (all(&values.candidate), all(&values.baseline));
    let Some(ranks) = rank_test::shift(&these, &those, CONFIDENCE) else {
        return Judgement::nothing("it was not measured on both sides");
    };
    let of_blocks =
        |blocks: &[Block]| -> Vec<f64> { blocks.iter().filter_map(Block::undisturbed).collect() };
    let (now, before) = (of_blocks(&values.candidate), of_blocks(&values.baseline));
    let between = between_runs::between(&now, &before, CONFIDENCE);
    let between = between.filter(|_| before.len() >= FEWEST_BLOCKS);
    let sizes = Sizes {
        attempts: (these.len(), those.len()),
        blocks: (now.len(), before.len()),
        by_run: values.by_run,
    };
    if !noisy {
        return tested(ranks, None, limit, words, sizes);
    }
    match between {
        Some(between) => tested(ranks, Some(between), limit, words, sizes),
        None => Judgement::inconclusive(format!(
            "{}; what runs differ by themselves is not known from a baseline of {}: it takes {FEWEST_BLOCKS}",
            told(ranks.estimate, words),
            counted(before.len(), "run"),
        )),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    attempts: (usize, usize),
    blocks: (usize, usize),
    by_run: bool,
}

fn tested(
    ranks: Shift,
    between: Option<Between>,
    limit: f64,
    words: Words,
    sizes: Sizes,
) -> Judgement {
    // Both have to agree before an alarm is given, and before it passes.
    let high = between.map_or(ranks.high, |it| it.high.max(ranks.high));
    let low = between.map_or(ranks.low, |it| it.low.min(ranks.low));
    let p_above = between.map_or(ranks.p_above, |it| it.p_above.max(ranks.p_above));
    let share = |log: f64| log.exp_m1();
    let bounds = |log: f64| log.is_finite().then(|| share(log));
    let most = (1.0 + limit).ln();
    let mut because = told(ranks.estimate, words);
    if high.is_finite() {
        because += &format!(
            ", below {:+.1}% at {:.0}%",
            share(high) * 100.0,
            CONFIDENCE * 100.0
        );
    }
    because += &format!(" (limit {:+.0}%", limit * 100.0);
    if let Some(between) = between {
        let what = if sizes.by_run {
            "runs"
        } else {
            "passes within a run"
        };
        because += &format!(
            "; {what} differ by {:.1}% themselves",
            share(between.spread) * 100.0
        );
    }
    because.push(')');
    let estimate = ranks.estimate;
    Judgement::Tested(Test {
        p_above,
        beyond: estimate > most,
        within: high <= most,
        measured: Measured {
            estimate: share(estimate),
            low: bounds(low),
            high: bounds(high),
            limit,
            n_candidate: sizes.attempts.0,
            n_baseline: sizes.attempts.1,
        },
        because,
        more: Box::new(move |tests| {
            let wanted = Wanted {
                distance: if estimate > most {
                    estimate
                } else {
                    most - estimate
                },
                alpha: if estimate > most {
                    FALSE_ALARMS / tests.max(1) as f64
                } else {
                    1.0 - CONFIDENCE
                },
            };
            wanted.more(between, ranks, sizes)
        }),
    })
}

fn told(log: f64, words: Words) -> String {
    let percent = log.exp_m1() * 100.0;
    if percent >= 0.0 {
        format!("{percent:.1}% {}", words.worse)
    } else {
        format!("{:.1}% {}", -percent, words.better)
    }
}

/// What would decide if the estimate stays what it is.
struct Wanted {
    distance: f64,
    alpha: f64,
}

impl Wanted {
    fn more(&self, between: Option<Between>, ranks: Shift, sizes: Sizes) -> (More, String) {
        let (these, those) = sizes.blocks;
        let each = (
            sizes.attempts.0.div_ceil(these.max(1)),
            sizes.attempts.1.div_ceil(those.max(1)),
        );
        let does = |more: usize| {
            let (now, before) = (these + more, those + more);
            let least = rank_test::least_p(now * each.0, before * each.1);
            let reach = match between {
                Some(between) => reach(between.spread, now, before, self.alpha),
                None => narrowed(&ranks, these + those, now + before),
            };
            least <= self.alpha && reach <= self.distance
        };
        let found = smallest(does);
        let what = if sizes.by_run || between.is_none() {
            "run"
        } else {
            "pass"
        };
        match found {
            Some(more) => {
                let number = u32::try_from(more).ok();
                let runs = if more == 1 {
                    what.to_owned()
                } else if what == "pass" {
                    "passes".to_owned()
                } else {
                    "runs".to_owned()
                };
                (
                    More {
                        attempts: None,
                        runs: number,
                        baseline_runs: number,
                    },
                    format!("about {more} more {runs} on either side would decide"),
                )
            }
            None => (
                More::default(),
                format!("not even {MOST_RUNS} more runs would decide: it is too near to the limit"),
            ),
        }
    }
}

/// More runs never tell less, so that halving finds the fewest.
fn smallest(does: impl Fn(usize) -> bool) -> Option<usize> {
    if !does(MOST_RUNS) {
        return None;
    }
    let (mut fails, mut holds) = (0, MOST_RUNS);
    while holds - fails > 1 {
        let middle = fails + (holds - fails) / 2;
        if does(middle) {
            holds = middle;
        } else {
            fails = middle;
        }
    }
    Some(holds)
}

fn reach(spread: f64, these: usize, those: usize, alpha: f64) -> f64 {
    between_runs::reach(spread, these, those, 1.0 - alpha)
}

/// A bound comes nearer with the root of the number.
fn narrowed(ranks: &Shift, before: usize, after: usize) -> f64 {
    let width = (ranks.high - ranks.estimate).min(ranks.estimate - ranks.low);
    if width.is_finite() {
        width * (before as f64 / after as f64).sqrt()
    } else {
        0.0
    }
}
