//! Whether a machine is fit for a run, and what would be lost if it reset now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

pub const SCHEMA: &str = "crashpoint.checkup/1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkup {
    pub schema: String,
    /// Where runs would be recorded.
    pub out: String,
    /// Nothing that was looked at is bad.
    pub fit: bool,
    pub checks: Vec<Check>,
}

impl Checkup {
    pub fn of(out: String, checks: Vec<Check>) -> Checkup {
        Checkup {
            schema: SCHEMA.to_owned(),
            out,
            fit: checks.iter().all(|check| check.state != State::Bad),
            checks,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    pub topic: Topic,
    /// Short and lasting, as in `write cache`.
    pub name: String,
    pub state: State,
    /// Paths and numbers.
    pub seen: String,
    pub matters: String,
    /// The commands that improve it, and what is no command after a `#`. Empty where nothing has
    /// to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedy: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Whether what is written before a reset is there after it.
    Record,
    /// What the next boot can tell of the reset.
    Evidence,
    /// Whether a machine that hangs or panics comes back by itself.
    WayBack,
    /// Whether a worker can be bounded and looked at.
    Worker,
    /// Whether driver, libraries and cards are fit, and fit together.
    Gpu,
    /// Whether what a program is given will do.
    Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase")]
pub enum State {
    Good,
    /// It works, with less certainty or less to be learnt.
    Doubtful,
    /// Acknowledged records can be lost, or no run can be recorded.
    Bad,
    #[strum(serialize = "not readable")]
    NotReadable,
}
