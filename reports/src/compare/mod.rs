//! Two reports side by side: what changed between them, in results, configuration and environment.
//!
//! It decides nothing: a gate does. What it says is true of two single runs, with their intervals.

mod differences;
mod rows;

use serde::{Deserialize, Serialize};

pub use differences::Difference;
pub use rows::Row;

use crate::report::Report;
use crate::statistics::{Proportion, fisher};
use crate::words::percent;

pub const SCHEMA: &str = "crashpoint.comparison/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// `crashpoint.comparison/1`.
    pub schema: String,
    pub headline: String,
    pub before: Side,
    pub after: Side,
    /// `null` if nothing came to an end on one side.
    pub crash_rate: Option<CrashRates>,
    pub crashes: Vec<Crash>,
    pub rows: Vec<Row>,
    pub configuration: Vec<Difference>,
    pub environment: Vec<Difference>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    pub run: String,
    pub started: Option<String>,
    pub headline: String,
    pub complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CrashRates {
    pub before: Proportion,
    pub after: Proportion,
    /// Fisher's exact test, two-sided: how likely two runs with one rate differ so much or more.
    pub p_value: f64,
}

/// A crash by its signature, and the attempts that ended in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    pub signature: String,
    pub text: String,
    pub before: u32,
    pub after: u32,
}

pub fn compare(before: &Report, after: &Report) -> Comparison {
    let crash_rate = rates(before, after);
    Comparison {
        schema: SCHEMA.to_owned(),
        headline: headline(crash_rate.as_ref()),
        before: side(before),
        after: side(after),
        crash_rate,
        crashes: crashes(before, after),
        rows: rows::rows(before, after),
        configuration: differences::configuration(before, after),
        environment: differences::environment(before, after),
    }
}

fn side(report: &Report) -> Side {
    Side {
        run: report.run.id.clone(),
        started: report.run.started.clone(),
        headline: report.summary.headline.clone(),
        complete: report.run.complete,
    }
}

fn rates(before: &Report, after: &Report) -> Option<CrashRates> {
    let (before, after) = (before.statistics.crash_rate?, after.statistics.crash_rate?);
    Some(CrashRates {
        before,
        after,
        p_value: fisher(&before, &after),
    })
}

/// What two so small samples can show, and no more.
fn headline(rates: Option<&CrashRates>) -> String {
    const CHANCE: f64 = 0.05;
    let Some(CrashRates {
        before,
        after,
        p_value,
    }) = rates
    else {
        return "one of the two runs has no attempt that came to its end".to_owned();
    };
    let (was, is) = (before.interval.estimate, after.interval.estimate);
    let seen = format!("crash rate {} before, {} after", percent(was), percent(is));
    if was == is {
        format!("{seen}: no difference was seen")
    } else if *p_value <= CHANCE {
        let which = if is < was {
            "fewer crashes"
        } else {
            "more crashes"
        };
        format!("{seen}: {which}, beyond chance (p {p_value:.4})")
    } else {
        format!("{seen}: so few attempts can differ so much by chance (p {p_value:.2})")
    }
}

fn crashes(before: &Report, after: &Report) -> Vec<Crash> {
    let mut all: Vec<Crash> = Vec::new();
    let sides = before.crashes.iter().map(|it| (it, true));
    for (group, is_before) in sides.chain(after.crashes.iter().map(|it| (it, false))) {
        let id = &group.signature.id;
        let at = all
            .iter()
            .position(|it| it.signature == *id)
            .unwrap_or_else(|| {
                all.push(Crash {
                    signature: id.clone(),
                    text: group.signature.text.clone(),
                    before: 0,
                    after: 0,
                });
                all.len() - 1
            });
        if let Some(crash) = all.get_mut(at) {
            let count = if is_before {
                &mut crash.before
            } else {
                &mut crash.after
            };
            *count += group.attempts;
        }
    }
    all
}
