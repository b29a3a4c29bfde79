//! Where a key stands in a JSON file.

use std::path::Path;

#[derive(Debug)]
pub struct Place<'a> {
    folder: &'a Path,
    name: &'a str,
    text: &'a str,
}

impl<'a> Place<'a> {
    pub fn of(folder: &'a Path, name: &'a str, text: &'a str) -> Place<'a> {
        Place { folder, name, text }
    }

    pub fn file(&self) -> String {
        self.folder.join(self.name).display().to_string()
    }

    /// Of a key along its path from the top, or else of the file.
    pub fn line(&self, path: &[&str]) -> u32 {
        let found =
            keys(self.text).find(|it| it.path.iter().map(String::as_str).eq(path.iter().copied()));
        found.map_or(1, |it| it.line)
    }

    /// Of the first key that a message speaks of.
    pub fn line_of_a_word_in(&self, message: &str) -> u32 {
        let words: Vec<&str> = message
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|it| it.contains('_'))
            .collect();
        words
            .iter()
            .find_map(|word| {
                keys(self.text).find(|it| it.path.last().is_some_and(|key| key == word))
            })
            .map_or(1, |it| it.line)
    }
}

pub fn has_key(text: &str, key: &str) -> bool {
    keys(text).any(|it| it.path.len() == 1 && it.path[0] == key)
}

#[derive(Debug)]
struct Key {
    path: Vec<String>,
    line: u32,
}

/// Deeper than any configuration is written.
const DEEPEST: usize = 32;

/// The keys in their order, up to where the text is too deep. What is no JSON gives some of them.
fn keys(text: &str) -> impl Iterator<Item = Key> + '_ {
    let mut letters = text.chars().peekable();
    let mut line = 1;
    // One for each object and list that is open: the key that it is at, if it is an object.
    let mut open: Vec<Option<String>> = Vec::new();
    std::iter::from_fn(move || {
        while let Some(letter) = letters.next() {
            match letter {
                '\n' => line += 1,
                '{' => open.push(Some(String::new())),
                '[' => open.push(None),
                '}' | ']' => {
                    open.pop();
                }
                '"' => {
                    let start = line;
                    let mut string = String::new();
                    while let Some(letter) = letters.next().filter(|&it| it != '"') {
                        if letter == '\n' {
                            line += 1;
                        }
                        string.push(match letter {
                            '\\' => letters.next().unwrap_or(letter),
                            other => other,
                        });
                    }
                    while letters.peek().is_some_and(|it| it.is_whitespace()) {
                        if letters.next() == Some('\n') {
                            line += 1;
                        }
                    }
                    if letters.peek() == Some(&':')
                        && let Some(Some(key)) = open.last_mut()
                    {
                        *key = string;
                        let path = open
                            .iter()
                            .map(|it| it.clone().unwrap_or_default())
                            .collect();
                        return Some(Key { path, line: start });
                    }
                }
                _ => {}
            }
            if open.len() > DEEPEST {
                return None;
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a\": [1, {\"b\": 2}],\n  \"c\": {\n    \"d\\\"e\": \"f: {\",\n\n    \"b_b\"\n : 3\n  }\n}\n";

    #[test]
    fn a_key_is_found_by_its_path() {
        let place = Place::of(Path::new("m"), "config.json", TEXT);
        assert_eq!(place.line(&["a"]), 2);
        assert_eq!(place.line(&["a", "", "b"]), 2);
        assert_eq!(place.line(&["c", "d\"e"]), 4);
        assert_eq!(place.line(&["c", "b_b"]), 6);
        assert_eq!(place.line(&["c", "none"]), 1);
        assert_eq!(place.line_of_a_word_in("a b_b of 3"), 6);
        assert!(has_key(TEXT, "c") && !has_key(TEXT, "b"));
    }

    #[test]
    fn broken_and_deep_texts_end() {
        for text in [
            "{\"a",
            "{\"a\\",
            "}}]",
            "\"a\":",
            &"[".repeat(100_000),
            &"{\"a\":".repeat(50_000),
        ] {
            assert!(keys(text).count() <= DEEPEST);
        }
    }
}
