//! What signals and exit codes mean, and what they do not prove.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::signal::signal_name;

const SIGNALS: &str = include_str!("signals.toml");
const EXIT_CODES: &str = include_str!("exit_codes.toml");
/// Tables that do not parse are empty, and the tests below fail.
static BY_SIGNAL: LazyLock<BTreeMap<String, EndingFacts>> =
    LazyLock::new(|| toml::from_str(SIGNALS).unwrap_or_default());
static BY_EXIT_CODE: LazyLock<BTreeMap<String, EndingFacts>> =
    LazyLock::new(|| toml::from_str(EXIT_CODES).unwrap_or_default());

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndingFacts {
    pub meaning: String,
    /// What can be behind it (a class, or `any class`), and what shows that.
    pub can_be: Vec<(String, String)>,
    pub proves_not: String,
}

/// `None` for a signal about which nothing more is known than its name.
pub fn signal(number: i32) -> Option<&'static EndingFacts> {
    BY_SIGNAL.get(signal_name(number)?)
}

/// `None` for a code that has no meaning by convention, or only that of a signal.
pub fn exit_code(code: i32) -> Option<&'static EndingFacts> {
    BY_EXIT_CODE.get(&code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Class;

    fn check(table: &BTreeMap<String, EndingFacts>) {
        for (key, facts) in table {
            assert!(
                !facts.meaning.is_empty() && !facts.proves_not.is_empty(),
                "{key}"
            );
            for (what, shown_by) in &facts.can_be {
                assert!(
                    what == "any class" || what.parse::<Class>().is_ok(),
                    "{key}: {what}"
                );
                assert!(!shown_by.is_empty(), "{key}");
            }
        }
    }

    #[test]
    fn the_signals_are_read_and_are_signals() {
        let table: BTreeMap<String, EndingFacts> = toml::from_str(SIGNALS).unwrap();
        check(&table);
        for name in table.keys() {
            assert!(
                (1..=31).any(|number| signal_name(number) == Some(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn the_exit_codes_are_read_and_leave_signals_to_the_signals() {
        let table: BTreeMap<String, EndingFacts> = toml::from_str(EXIT_CODES).unwrap();
        check(&table);
        for code in table.keys() {
            let code: u8 = code.parse().unwrap();
            assert!(!(129..=159).contains(&code), "{code}");
        }
    }

    #[test]
    fn a_kill_is_no_proof_of_memory_running_out() {
        let kill = signal(9).unwrap();
        assert!(
            kill.can_be
                .iter()
                .any(|(what, _)| what == "host_oom_cgroup")
        );
        assert!(
            kill.can_be
                .iter()
                .any(|(what, _)| what == "killed_from_outside")
        );
        assert_eq!(signal(64), None);
    }
}
