//! Variables as they may stand in a capture. What decides about a GPU, an interpreter or a cache is
//! shown; of all others the name is.

use std::collections::BTreeMap;

use crate::variables::shown;

/// Beside what every record may show.
const HARMLESS: &[&str] = &[
    "GLIBC_TUNABLES",
    "HF_HUB_DISABLE_SYMLINKS",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DOWNLOAD_TIMEOUT",
    "HF_HUB_ETAG_TIMEOUT",
    "HF_XET_CACHE",
    "HOME",
    "HUGGINGFACE_HUB_CACHE",
    "SHLVL",
    "TMPDIR",
];

const HARMLESS_PREFIXES: &[&str] = &["CONDA_", "PYTHON", "TRANSFORMERS_", "XDG_"];

/// A name with one of these is covered by no prefix.
const SUSPECT: &[&str] = &["AUTH", "CRED", "KEY", "PASS", "PWD", "SECRET", "TOKEN"];

pub(super) fn taken(
    variables: impl IntoIterator<Item = (String, String)>,
) -> BTreeMap<String, Option<String>> {
    let taken = |(name, value): (String, String)| {
        let value = value_of(&name, &value);
        (name, value)
    };
    variables.into_iter().map(taken).collect()
}

fn value_of(name: &str, value: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let by_prefix = HARMLESS_PREFIXES.iter().any(|it| name.starts_with(it))
        && !SUSPECT.iter().any(|word| upper.contains(word));
    let more = HARMLESS.contains(&name) || by_prefix;
    match more {
        // The same is taken out of a value whatever its name.
        true => shown("PATH", value),
        false => shown(name, value),
    }
}

/// From `/proc/PID/environ`: `NAME=VALUE` and a zero byte each; of one name the first counts, as for getenv(3).
pub(super) fn from_environ(bytes: &[u8]) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for entry in bytes.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(entry);
        if let Some((name, value)) = text.split_once('=')
            && !name.is_empty()
            && !variables.iter().any(|(known, _)| known == name)
        {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_taken_wherever_it_stands() {
        let environ = b"CONDA_TOKEN=hf_s\0PYTHONPATH=https://u:hf_s@x/y\0HF_TOKEN=hf_s\0A=hf_s\0XDG_CONFIG_HOME=/a\0A=2\0=x\0junk\0";
        let taken = taken(from_environ(environ));
        assert_eq!(taken.len(), 5);
        assert_eq!(taken["XDG_CONFIG_HOME"].as_deref(), Some("/a"));
        assert!(!format!("{taken:?}").contains("hf_s"), "{taken:?}");
    }
}
