//! What a gate says: a verdict, and a line for each rule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{FALSE_ALARMS, Sides};
use crate::report::Report;

pub const SCHEMA: &str = "crashpoint.gate/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// `crashpoint.gate/1`.
    pub schema: String,
    pub verdict: Verdict,
    /// In a sentence.
    pub headline: String,
    /// The runs by id.
    pub candidate: Vec<String>,
    pub baseline: Vec<String>,
    /// Of any false alarm, over all rules.
    pub false_alarms: f64,
    pub rules: Vec<RuleResult>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Regression,
    Inconclusive,
    /// Of a rule: there was nothing for it to judge. Of the whole: nothing ran.
    NothingToJudge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    Whole,
    Crashes,
    CrashRate,
    Outputs,
    Comparable,
    Steady,
    ImageTime,
    TokenRate,
    LoadTime,
    PeakMemory,
    GpuMemory,
    MemorySlope,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    pub rule: Rule,
    pub verdict: Verdict,
    pub because: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// How likely such a difference is where nothing has changed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// and corrected for all rules: an alarm if it is at most `false_alarms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    /// What would decide, of an inconclusive rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// With one-sided 95 % bounds; a bound that is not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub estimate: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    pub limit: f64,
    /// Attempts on either side.
    pub n_candidate: usize,
    pub n_baseline: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Like those that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_runs: Option<u32>,
}

/// What a rule found, before it is corrected for the others.
pub(super) enum Judgement {
    Settled(Verdict, String),
    Tested(Test),
}

/// Of a rule that can be wrong by chance.
pub(super) struct Test {
    pub p_above: f64,
    /// The difference is beyond the limit as measured,
    pub beyond: bool,
    /// and is within it even by its bound.
    pub within: bool,
    pub measured: Measured,
    /// Without a verdict: `12 % slower (...)`.
    pub because: String,
    /// What would decide, given how many rules were tested.
    pub more: Box<dyn Fn(usize) -> (More, String)>,
}

impl Judgement {
    pub fn pass(because: impl Into<String>) -> Judgement {
        Judgement::Settled(Verdict::Pass, because.into())
    }

    pub fn regression(because: impl Into<String>) -> Judgement {
        Judgement::Settled(Verdict::Regression, because.into())
    }

    pub fn inconclusive(because: impl Into<String>) -> Judgement {
        Judgement::Settled(Verdict::Inconclusive, because.into())
    }

    pub fn nothing(because: impl Into<String>) -> Judgement {
        Judgement::Settled(Verdict::NothingToJudge, because.into())
    }

    pub fn p_value(&self) -> Option<f64> {
        match self {
            Judgement::Settled(..) => None,
            Judgement::Tested(test) => Some(test.p_above),
        }
    }

    pub fn settle(self, rule: Rule, adjusted: Option<f64>, tests: usize) -> RuleResult {
        let test = match self {
            Judgement::Settled(verdict, because) => {
                return RuleResult {
                    rule,
                    verdict,
                    because,
                    measured: None,
                    p_value: None,
                    p_adjusted: None,
                    more: None,
                };
            }
            Judgement::Tested(test) => test,
        };
        let alarm = test.beyond && adjusted.is_some_and(|p| p <= FALSE_ALARMS);
        let (verdict, more, because) = if alarm {
            (Verdict::Regression, None, test.because)
        } else if test.within {
            (Verdict::Pass, None, test.because)
        } else {
            let (more, words) = (test.more)(tests);
            let because = format!("{}; {words}", test.because);
            (Verdict::Inconclusive, Some(more), because)
        };
        RuleResult {
            rule,
            verdict,
            because,
            measured: Some(test.measured),
            p_value: Some(test.p_above),
            p_adjusted: adjusted,
            more,
        }
    }
}

impl Decision {
    pub(super) fn of(sides: &Sides<'_>, rules: Vec<RuleResult>) -> Decision {
        let any = |verdict| rules.iter().any(|rule| rule.verdict == verdict);
        let verdict = if Sides::attempts(sides.candidate).next().is_none() {
            Verdict::NothingToJudge
        } else if any(Verdict::Regression) {
            Verdict::Regression
        } else if any(Verdict::Inconclusive) || !any(Verdict::Pass) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        let of = |wanted| -> String {
            let named = rules.iter().filter(|rule| rule.verdict == wanted);
            let names: Vec<String> = named.map(|rule| rule.rule.to_string()).collect();
            names.join(", ")
        };
        let headline = match verdict {
            Verdict::Pass => "the gate passes".to_owned(),
            Verdict::Regression => format!("regression: {}", of(verdict)),
            Verdict::Inconclusive => format!("inconclusive: {}", of(verdict)),
            Verdict::NothingToJudge => "nothing ran, so there is nothing to judge".to_owned(),
        };
        let ids = |reports: &[Report]| reports.iter().map(|it| it.run.id.clone()).collect();
        Decision {
            schema: SCHEMA.to_owned(),
            verdict,
            headline,
            candidate: ids(sides.candidate),
            baseline: ids(sides.baseline),
            false_alarms: FALSE_ALARMS,
            rules,
        }
    }
}

impl Rule {
    pub const ALL: [Rule; 12] = [
        Rule::Whole,
        Rule::Crashes,
        Rule::CrashRate,
        Rule::Outputs,
        Rule::Comparable,
        Rule::Steady,
        Rule::ImageTime,
        Rule::TokenRate,
        Rule::LoadTime,
        Rule::PeakMemory,
        Rule::GpuMemory,
        Rule::MemorySlope,
    ];

    /// As options and files name it.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Whole => "whole",
            Rule::Crashes => "crashes",
            Rule::CrashRate => "crash-rate",
            Rule::Outputs => "outputs",
            Rule::Comparable => "comparable",
            Rule::Steady => "steady",
            Rule::ImageTime => "image-time",
            Rule::TokenRate => "token-rate",
            Rule::LoadTime => "load-time",
            Rule::PeakMemory => "peak-memory",
            Rule::GpuMemory => "gpu-memory",
            Rule::MemorySlope => "memory-slope",
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let found = Rule::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
            format!("there is no rule {text:?}; there are: {}", names.join(", "))
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Pass => "pass",
            Verdict::Regression => "regression",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NothingToJudge => "nothing to judge",
        })
    }
}
