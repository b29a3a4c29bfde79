//! What is known about each class: how it is recognised, what it is mistaken for, what to do.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::verdict::Class;

const TABLE: &str = include_str!("classes.toml");
/// A table that does not parse leaves every class without facts, and the tests below fail.
static CLASSES: LazyLock<BTreeMap<Class, ClassFacts>> =
    LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());
static NOTHING: LazyLock<ClassFacts> = LazyLock::new(ClassFacts::default);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFacts {
    /// The part of the taxonomy that it belongs to.
    pub family: String,
    pub meaning: String,
    /// What it is recognised by.
    pub evidence: Vec<String>,
    /// What each confidence needs; one that has nothing here is never given.
    pub certain: Option<String>,
    pub likely: Option<String>,
    pub possible: Option<String>,
    /// What it can be mistaken for (a class or a thing), and what tells the two apart.
    pub told_from: Vec<(String, String)>,
    /// What a person can do about it today.
    pub action: String,
    /// Commands that show more.
    pub check: Vec<String>,
    pub sources: Vec<String>,
}

pub fn class(class: Class) -> &'static ClassFacts {
    CLASSES.get(&class).unwrap_or(&NOTHING)
}

/// One or two sentences.
pub fn action(of: Class) -> &'static str {
    &class(of).action
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_class_has_its_facts_and_nothing_else_has() {
        let table: BTreeMap<Class, ClassFacts> = toml::from_str(TABLE).unwrap();
        let known: Vec<Class> = table.keys().copied().collect();
        assert_eq!(known, Class::ALL);
    }

    #[test]
    fn every_class_has_an_action_of_its_own() {
        let actions: HashSet<&str> = Class::ALL.iter().map(|&class| action(class)).collect();
        assert_eq!(actions.len(), Class::ALL.len());
        for action in actions {
            assert!(action.len() > 40 && action.ends_with('.'), "{action:?}");
        }
    }

    #[test]
    fn nothing_is_left_empty() {
        for &named in Class::ALL {
            let facts = class(named);
            for text in [&facts.family, &facts.meaning, &facts.action] {
                assert!(!text.trim().is_empty(), "{named}");
            }
            for list in [&facts.evidence, &facts.check, &facts.sources] {
                assert!(!list.is_empty(), "{named}");
                assert!(list.iter().all(|entry| !entry.trim().is_empty()), "{named}");
            }
            assert!(!facts.told_from.is_empty(), "{named}");
            let decided = named != Class::Unknown;
            assert_eq!(facts.likely.is_some(), decided, "{named}");
            assert_eq!(facts.possible.is_some(), decided, "{named}");
        }
    }

    /// A look-alike that is a class is spelt as one, and is not the class itself.
    #[test]
    fn look_alikes_are_classes_or_plain_words() {
        for &named in Class::ALL {
            for (other, tells) in &class(named).told_from {
                assert_ne!(other, &named.to_string());
                assert!(!tells.is_empty());
                let is_class = other.parse::<Class>().is_ok();
                assert!(is_class || !other.contains('_'), "{named}: {other}");
            }
        }
    }

    /// The families follow the order of the classes, so that a list can be made in one pass.
    #[test]
    fn families_stand_together() {
        let mut families: Vec<&str> = Class::ALL
            .iter()
            .map(|&named| class(named).family.as_str())
            .collect();
        families.dedup();
        let distinct: HashSet<&str> = families.iter().copied().collect();
        assert_eq!(families.len(), distinct.len(), "{families:?}");
    }
}
