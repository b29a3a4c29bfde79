//! A unit file as systemd reads it: sections, settings that may come repeatedly, lines that go on
//! after a backslash. What systemd would ignore is left out.

use crate::service::finding::Lines;

#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    pub section: String,
    pub key: String,
    pub value: String,
    pub lines: Lines,
}

#[derive(Debug, Default)]
pub struct Unit {
    pub settings: Vec<Setting>,
}

pub fn read(text: &str) -> Unit {
    let mut unit = Unit::default();
    let mut section = String::new();
    let mut whole = String::new();
    let mut start = None;
    for (line, number) in text.lines().zip(1_u32..) {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        // A comment between lines that belong together is not one of them.
        if is_comment || (start.is_none() && line.trim().is_empty()) {
            continue;
        }
        let first = *start.get_or_insert(number);
        if let Some(before) = line.strip_suffix('\\') {
            whole.push_str(before);
            whole.push(' ');
            continue;
        }
        whole.push_str(line);
        start = None;
        let statement = std::mem::take(&mut whole);
        understand(statement.trim(), first..=number, &mut section, &mut unit);
    }
    if let Some(first) = start {
        let last = text.lines().count() as u32;
        understand(whole.trim(), first..=last, &mut section, &mut unit);
    }
    unit
}

fn understand(statement: &str, lines: Lines, section: &mut String, unit: &mut Unit) {
    if let Some(name) = statement
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'))
    {
        *section = name.to_owned();
    } else if let Some((key, value)) = statement.split_once('=') {
        unit.settings.push(Setting {
            section: section.clone(),
            key: key.trim_end().to_owned(),
            value: value.trim_start().to_owned(),
            lines,
        });
    }
}

impl Unit {
    pub fn all<'a>(&'a self, section: &'a str, key: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.settings
            .iter()
            .filter(move |it| it.section == section && it.key == key)
    }

    /// What holds of a setting that has one value.
    pub fn one<'a>(&'a self, section: &'a str, key: &'a str) -> Option<&'a Setting> {
        self.all(section, key).last()
    }

    /// What holds of a setting that is a list: an empty one begins it anew.
    pub fn list<'a>(&'a self, section: &'a str, key: &'a str) -> Vec<&'a Setting> {
        let mut list = Vec::new();
        for setting in self.all(section, key) {
            match setting.value.is_empty() {
                true => list.clear(),
                false => list.push(setting),
            }
        }
        list
    }

    pub fn service<'a>(&'a self, key: &'a str) -> Option<&'a Setting> {
        self.one("Service", key)
    }
}

pub fn is_true(value: &str) -> bool {
    ["1", "yes", "y", "true", "t", "on"]
        .iter()
        .any(|it| value.eq_ignore_ascii_case(it))
}

/// The words of a value: quotes removed, escapes resolved as far as they matter here.
pub fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (_, '\\') => {
                let next = match letters.next() {
                    Some('s') => ' ',
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some(other) => other,
                    None => '\\',
                };
                word.get_or_insert_default().push(next);
            }
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_may_span_lines_with_comments_between() {
        let unit = read(
            "[Service]\nExecStart=/bin/a \\\n# one of two\n  --b \\\n\n; no\nRestart = always\n",
        );
        assert_eq!(unit.settings.len(), 2);
        let start = unit.service("ExecStart").unwrap();
        assert_eq!(words(&start.value), ["/bin/a", "--b"]);
        assert_eq!(start.lines, 2..=5);
        let restart = unit.service("Restart").unwrap();
        assert_eq!(
            (restart.value.as_str(), restart.lines.clone()),
            ("always", 7..=7)
        );
    }

    #[test]
    fn an_empty_setting_begins_a_list_anew() {
        let unit = read("[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b");
        let list = unit.list("Service", "ExecStart");
        assert_eq!(list.len(), 1);
        assert_eq!(
            (list[0].value.as_str(), list[0].lines.clone()),
            ("/bin/b", 4..=4)
        );
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(
            words("\"A=b c\" D='e f' g\\sh ''"),
            ["A=b c", "D=e f", "g h", ""]
        );
        assert_eq!(words("\"open"), ["open"]);
    }
}
