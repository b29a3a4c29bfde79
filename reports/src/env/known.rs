//! Which differences are known to matter, in the order in which they do: data, in `items.toml`.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

const TABLE: &str = include_str!("items.toml");

/// A table that does not parse leaves nothing known, and the tests below fail.
static KNOWN: LazyLock<Known> = LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

/// How likely it is that one side works and the other does not because of it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Likelihood {
    #[strum(serialize = "very likely")]
    VeryLikely,
    Likely,
    Possible,
    /// Noise: different with every shell, session or start.
    Harmless,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// Harmless, all of them.
    noise: Vec<String>,
    item: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// As in `variables.PATH`; a `*` at its end stands for anything.
    pub field: String,
    pub likelihood: Likelihood,
    /// It is very likely where something that begins so differs too.
    pub raised_by: Option<String>,
    pub why: String,
    pub fix: String,
    /// What stands in a unit to have it as it is in A.
    pub unit: Option<String>,
}

/// The first that fits, and its place in the table; `None` for noise.
pub(super) fn known(field: &str) -> Option<(usize, &'static Item)> {
    if KNOWN.noise.iter().any(|pattern| fits(pattern, field)) {
        return None;
    }
    let mut items = KNOWN.item.iter().enumerate();
    items.find(|(_, item)| fits(&item.field, field))
}

fn fits(pattern: &str, field: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => field.starts_with(beginning),
        None => field == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses_and_nothing_in_it_is_empty() {
        let known: Known = toml::from_str(TABLE).unwrap();
        assert!(known.noise.len() > 50 && known.item.len() > 40);
        for item in &known.item {
            assert!(item.why.ends_with('.'), "{item:?}");
            assert!(item.fix.ends_with('.'), "{item:?}");
            assert_ne!(item.likelihood, Likelihood::Harmless, "{item:?}");
        }
    }

    #[test]
    fn no_item_is_hidden_behind_one_before_it() {
        for (at, item) in KNOWN.item.iter().enumerate() {
            let example = item.field.replace('*', "X");
            assert_eq!(known(&example).map(|found| found.0), Some(at), "{item:?}");
        }
    }

    #[test]
    fn there_is_an_item_for_everything_and_noise_is_none() {
        for field in [
            "variables.ANYTHING",
            "limits.stack size",
            "namespaces.mnt",
            "mounts./x",
        ] {
            assert!(known(field).is_some(), "{field}");
        }
        for field in [
            "variables.SSH_TTY",
            "variables.INVOCATION_ID",
            "process.terminal",
        ] {
            assert!(known(field).is_none(), "{field}");
        }
    }
}
