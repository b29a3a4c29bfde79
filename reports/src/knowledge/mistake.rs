//! What is known about each mistake that `lint` finds: why it matters, the fix, where the fact comes from.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::lint::Severity;
use crate::verdict::{Class, Confidence};

const TABLES: [(Topic, &str); 3] = [
    (Topic::Python, include_str!("mistakes/python.toml")),
    (Topic::Model, include_str!("mistakes/model.toml")),
    (Topic::Service, include_str!("mistakes/service.toml")),
];

/// A table that does not parse leaves its mistakes unknown, and the tests below fail.
static MISTAKES: LazyLock<BTreeMap<String, Mistake>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for (topic, table) in TABLES {
        let table: BTreeMap<String, Mistake> = toml::from_str(table).unwrap_or_default();
        all.extend(table.into_iter().map(|(id, mistake)| {
            let named = Mistake {
                id: id.clone(),
                topic,
                ..mistake
            };
            (id, named)
        }));
    }
    all
});

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// Short and lasting, as in `integer-dtype`.
    #[serde(default)]
    pub id: String,
    #[serde(skip)]
    pub topic: Topic,
    /// One line: what the mistake is.
    pub title: String,
    pub severity: Severity,
    /// How sure a finding is, unless its place says otherwise.
    pub confidence: Confidence,
    /// What happens because of it.
    pub why: String,
    /// What to write instead.
    pub fix: String,
    /// What a run that dies of it is classed as, if it would.
    pub class: Option<Class>,
    /// Each with its version.
    pub sources: Vec<String>,
}

/// Where people make it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Topic {
    /// At the call sites of a program.
    #[default]
    Python,
    /// In a model's folder.
    Model,
    /// In what starts a service.
    Service,
}

pub fn mistake(id: &str) -> Option<&'static Mistake> {
    MISTAKES.get(id)
}

/// By id.
pub fn mistakes() -> impl Iterator<Item = &'static Mistake> {
    MISTAKES.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_parses_and_no_id_is_in_two() {
        let mut count = 0;
        for (_, table) in TABLES {
            let table: BTreeMap<String, Mistake> = toml::from_str(table).unwrap();
            count += table.len();
        }
        assert_eq!(count, mistakes().count());
    }

    #[test]
    fn nothing_is_left_empty() {
        for mistake in mistakes() {
            let id = &mistake.id;
            let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(id.chars().all(lower), "{id}");
            for text in [&mistake.title, &mistake.why, &mistake.fix] {
                assert!(!text.trim().is_empty(), "{id}");
            }
            assert!(
                mistake.why.ends_with('.') && mistake.fix.ends_with('.'),
                "{id}"
            );
            assert!(!mistake.sources.is_empty(), "{id}");
        }
    }
}
