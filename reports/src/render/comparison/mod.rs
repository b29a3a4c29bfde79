//! A comparison for a terminal, a pull request, a browser and a program.

mod html;
mod markdown;
mod text;

pub use html::html;
pub use markdown::markdown;
pub use text::text;

use crate::compare::{Comparison, CrashRates};
use crate::statistics::Proportion;
use crate::words::percent;

pub fn json(comparison: &Comparison) -> String {
    let mut text = serde_json::to_string_pretty(comparison).unwrap_or_default();
    text.push('\n');
    text
}

/// `100% (2 of 2; 15.8% to 100%)`.
fn rate(rate: &Proportion) -> String {
    let mut text = format!(
        "{} ({} of {}; 95% interval {} to {}",
        percent(rate.interval.estimate),
        rate.events,
        rate.n,
        percent(rate.interval.low),
        percent(rate.interval.high),
    );
    if rate.events == 0 {
        text += &format!("; below {} one-sided", percent(rate.below));
    }
    text.push(')');
    text
}

fn p_value(rates: &CrashRates) -> String {
    format!(
        "p {} (Fisher's exact test)",
        super::gate::p_value(rates.p_value)
    )
}

/// The table that all formats show: name, before, after, change.
fn table(comparison: &Comparison) -> Vec<[String; 4]> {
    let mut table = Vec::new();
    if let Some(rates) = &comparison.crash_rate {
        table.push([
            "crash rate".to_owned(),
            rate(&rates.before),
            rate(&rates.after),
            p_value(rates),
        ]);
    }
    for crash in &comparison.crashes {
        table.push([
            format!("crash {}", crash.signature),
            crash.before.to_string(),
            crash.after.to_string(),
            crash.text.clone(),
        ]);
    }
    let dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    for row in &comparison.rows {
        table.push([
            row.name.clone(),
            dash(&row.before),
            dash(&row.after),
            row.change.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// Both lists of differences with their headings.
fn differences(comparison: &Comparison) -> [(&'static str, &[crate::compare::Difference]); 2] {
    [
        ("Configuration", &comparison.configuration),
        ("Environment", &comparison.environment),
    ]
}
