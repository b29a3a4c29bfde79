//! A gate's decision: a line for each rule, and the verdict last, where a log ends.

use super::escape::{inline, plain};
use crate::gate::{Decision, RuleResult, Verdict};
use crate::words::counted;

/// Foreign text within a line is cut here.
const LONGEST: usize = 600;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// Ends in a newline. Colours only where asked for.
pub fn gate(decision: &Decision, color: bool) -> String {
    let mut text = String::new();
    for rule in &decision.rules {
        text += &format!(
            "{} {:<13} {:<17} {}\n",
            painted(rule.verdict, symbol(rule.verdict), color),
            rule.rule,
            rule.verdict,
            plain(&told(rule), LONGEST)
        );
    }
    let runs = format!(
        "{} against {}; at most {:.0}% false alarms over all rules",
        counted(decision.candidate.len(), "run"),
        match decision.baseline.len() {
            0 => "no baseline".to_owned(),
            n => format!("a baseline of {}", counted(n, "run")),
        },
        decision.false_alarms * 100.0
    );
    let headline = plain(&decision.headline, LONGEST);
    text += &format!(
        "\n{}\n{runs}\n",
        painted(decision.verdict, &headline, color)
    );
    text
}

pub fn gate_json(decision: &Decision) -> String {
    let mut text = serde_json::to_string_pretty(decision).unwrap_or_default();
    text.push('\n');
    text
}

/// For a pull request, or a job's summary.
pub fn gate_markdown(decision: &Decision) -> String {
    let mut page = format!(
        "### {} crashpoint gate: {}\n\n| | rule | verdict | |\n|---|---|---|---|\n",
        symbol(decision.verdict),
        inline(&decision.headline, LONGEST)
    );
    for rule in &decision.rules {
        page += &format!(
            "| {} | {} | {} | {} |\n",
            symbol(rule.verdict),
            rule.rule,
            rule.verdict,
            inline(&told(rule), LONGEST)
        );
    }
    page
}

fn told(rule: &RuleResult) -> String {
    match (rule.p_value, rule.p_adjusted) {
        (Some(p), Some(adjusted)) => {
            format!(
                "{} [p {}, for all rules {}]",
                rule.because,
                p_value(p),
                p_value(adjusted)
            )
        }
        _ => rule.because.clone(),
    }
}

/// Small ones are no more exact than their order.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.0001 {
        "<0.0001".to_owned()
    } else {
        format!("{p:.4}")
    }
}

fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Regression => "✗",
        Verdict::Inconclusive => "?",
        Verdict::NothingToJudge => "·",
    }
}

fn painted(verdict: Verdict, text: &str, color: bool) -> String {
    let code = match verdict {
        Verdict::Pass => GREEN,
        Verdict::Regression => RED,
        Verdict::Inconclusive => YELLOW,
        Verdict::NothingToJudge => DIM,
    };
    if color {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
