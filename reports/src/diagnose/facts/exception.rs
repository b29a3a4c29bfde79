//! The name of a Python exception and what it says, whatever a logger wrote before it.

use std::sync::LazyLock;

use regex::Regex;

static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[\s\]:|)])((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit))(?::\s*(.*)|\(|\s*$)",
    )
    .ok()
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Without its module.
    pub name: String,
    pub message: String,
}

pub fn parse(line: &str) -> Option<Exception> {
    let found = LINE.as_ref()?.captures(line.trim())?;
    let name = found.get(1)?.as_str();
    Some(Exception {
        name: name.rsplit('.').next().unwrap_or(name).to_owned(),
        message: found
            .get(2)
            .map_or_else(String::new, |it| it.as_str().trim().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_behind_a_loggers_prefix() {
        for line in [
            "KeyError: 'x'",
            "(EngineCore pid=7) ERROR 01-01 [core.py:3] KeyError: 'x'",
            "[rank1]: my.module.KeyError: 'x'",
        ] {
            let read = parse(line).unwrap();
            assert_eq!(
                (read.name.as_str(), read.message.as_str()),
                ("KeyError", "'x'")
            );
        }
        assert_eq!(parse("no such thing"), None);
    }
}
