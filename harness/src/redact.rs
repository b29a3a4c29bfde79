//! Takes out of a text what says whose machine it is from, and what looks like a secret.
//!
//! It knows the shapes of common secrets and the words it is told; it can't know every secret, which is
//! why whoever shares a bundle is told to look at it first.

use std::collections::BTreeSet;

use regex::Regex;

/// What a word is replaced by.
const GONE: &str = "[removed]";
/// A shorter word would be taken out of others.
const SHORTEST: usize = 3;

/// Tokens of well-known services, keys in blocks, and whatever is assigned to a name that promises a
/// secret. Of tokens in the plural there is a number, not a secret.
const SECRETS: [&str; 4] = [
    r"\b(?:hf|sk|ghp|gho|ghs|github_pat|glpat|xox[abp]|AKIA|ASIA)[-_]?[A-Za-z0-9_-]{16,}",
    r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}",
    r#"(?i)\b[a-z0-9_-]*(?:passwords?|passwd|secrets?|token|api[_-]?keys?|credentials?)["']?\s*[=:]\s*["']?[A-Za-z0-9._~+/@-]{6,}"#,
    r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@",
];

#[derive(Debug)]
pub struct Redaction {
    secrets: Vec<Regex>,
    words: Vec<(Regex, &'static str)>,
}

impl Redaction {
    /// `words` go, and so do this user's and this machine's names and the home folder.
    pub fn new(words: &[String]) -> Redaction {
        let variable = |name: &str| std::env::var(name).ok();
        let mut whole: BTreeSet<(String, &'static str)> = BTreeSet::new();
        let mut add = |word: Option<String>, instead| {
            let word = word.filter(|it| it.len() >= SHORTEST && it != "/root" && it != "root");
            whole.extend(word.map(|it| (it, instead)));
        };
        for word in words {
            add(Some(word.clone()), GONE);
        }
        add(variable("HOME"), "~");
        add(variable("USER").or_else(|| variable("LOGNAME")), "[user]");
        add(host(), "[host]");
        let mut whole: Vec<(String, &str)> = whole.into_iter().collect();
        // A home folder holds the user's name.
        whole.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        let expression = |(word, instead): (String, &'static str)| {
            let edge = |letter: Option<char>| {
                if letter.is_some_and(char::is_alphanumeric) {
                    r"\b"
                } else {
                    ""
                }
            };
            let (first, last) = (edge(word.chars().next()), edge(word.chars().next_back()));
            let expression = format!("{first}{}{last}", regex::escape(&word));
            Some((Regex::new(&expression).ok()?, instead))
        };
        Redaction {
            secrets: secrets(),
            words: whole.into_iter().filter_map(expression).collect(),
        }
    }

    /// What looks like a secret goes, and nothing else does.
    pub fn of_secrets() -> Redaction {
        Redaction {
            secrets: secrets(),
            words: Vec::new(),
        }
    }

    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = secret.replace_all(&text, GONE).into_owned();
        }
        for (word, instead) in &self.words {
            text = word.replace_all(&text, *instead).into_owned();
        }
        text
    }

    /// Every string in it, and every name that is no field's: keys of maps are words as well.
    pub fn value(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(parts) => parts.iter_mut().for_each(|it| self.value(it)),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(|it| self.value(it)),
            _ => {}
        }
    }
}

fn secrets() -> Vec<Regex> {
    SECRETS
        .iter()
        .filter_map(|it| Regex::new(it).ok())
        .collect()
}

fn host() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    Some(name).filter(|name| name != "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_named_words_go_and_the_rest_stays() {
        let redaction = Redaction::new(&["acme".to_owned()]);
        for (text, expected) in [
            (
                "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz",
                "HF_TOKEN=[removed]",
            ),
            (
                "Authorization: Bearer abcdef0123456789",
                "Authorization: [removed]",
            ),
            (
                "fetch https://me:pass@example.org/x",
                "fetch [removed]example.org/x",
            ),
            (
                "the acme pages, not acmeist",
                "the [removed] pages, not acmeist",
            ),
            (
                "decode, after 7 tokens: SIGSEGV",
                "decode, after 7 tokens: SIGSEGV",
            ),
            ("3867 tokens/s, load 0.01 s", "3867 tokens/s, load 0.01 s"),
        ] {
            assert_eq!(redaction.text(text), expected);
        }
    }
}
