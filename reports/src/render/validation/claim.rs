//! What a number of attempts lets anybody say, and no more: a rate comes with its n and its bound, and
//! none is called zero or certain.

use crate::report::Report;
use crate::statistics::{Proportion, Spread};
use crate::words::{counted, number, percent};

/// Of a crash rate: `0 of 2 attempts; at 95% confidence the rate is below 77.6%`.
pub fn rate(rate: &Proportion) -> String {
    let seen = format!("{} of {}", rate.events, counted(rate.n as usize, "attempt"));
    format!("{seen}; at 95% confidence the rate is {}", bounds(rate))
}

pub fn bounds(rate: &Proportion) -> String {
    if rate.events == 0 {
        format!("below {}", percent(rate.below))
    } else if rate.events == rate.n {
        format!("above {}", percent(rate.interval.low))
    } else {
        format!(
            "between {} and {}",
            percent(rate.interval.low),
            percent(rate.interval.high)
        )
    }
}

/// The first sentence about whether it holds.
pub fn conclusion(report: &Report) -> String {
    let Some(found) = &report.statistics.crash_rate else {
        return "No attempt came to an end of its own: this run shows nothing about crashes."
            .to_owned();
    };
    if found.events > 0 {
        return format!("It crashed or failed in {}.", rate(found));
    }
    format!(
        "No crash was seen in {}. That does not show that there is none: at 95% confidence the crash rate \
         is below {}, and nothing lower can be claimed from this run.",
        counted(found.n as usize, "attempt"),
        percent(found.below)
    )
}

/// How many attempts without a crash bound the rate below these at 95 %, and how many more that is.
pub fn needed(report: &Report) -> Vec<String> {
    let Some(found) = report.statistics.crash_rate.filter(|it| it.events == 0) else {
        return Vec::new();
    };
    [0.1, 0.05, 0.01]
        .into_iter()
        .filter(|target| found.below > *target)
        .map(|target: f64| {
            let all = (0.05_f64.ln() / (1.0 - target).ln()).ceil() as u32;
            format!(
                "To bound the crash rate below {} at 95% confidence, {all} attempts without a crash are \
                 needed: {} more, with no crash among them.",
                percent(target),
                all.saturating_sub(found.n)
            )
        })
        .collect()
}

/// `0.400 (p95 0.420, max 0.431, n = 14)`.
pub fn spread(spread: Option<Spread>) -> String {
    spread.map_or_else(
        || "not measured".to_owned(),
        |it| {
            format!(
                "{} (p95 {}, max {}, n = {})",
                number(it.median),
                number(it.p95),
                number(it.max),
                it.n
            )
        },
    )
}

/// What two rates may be said to differ by.
pub fn difference(before: &Proportion, after: &Proportion) -> String {
    let apart =
        before.interval.low > after.interval.high || after.interval.low > before.interval.high;
    if apart {
        "The 95% intervals of the two crash rates do not overlap.".to_owned()
    } else {
        "The 95% intervals of the two crash rates overlap: so few attempts do not show that they differ."
            .to_owned()
    }
}
