//! Reads logs line by line and keeps what says something: within a bound of memory whatever comes in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde_json::{Map, Value};

use super::facts::Fact;
use super::sighting::{Sighting, Sightings};
use super::source::Source;
use crate::knowledge::{Message, messages};

/// Of a longer line only this much around the match is kept, in bytes.
const TEXT: usize = 2048;
/// Of one message in one source the first ones and the last ones are kept.
const FIRST: usize = 12;
const LAST: usize = 4;

static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

/// Finds the candidates of a line in one pass, whatever the number of messages.
struct Index {
    literals: Option<AhoCorasick>,
    /// The messages that each literal may stand for, by their place in the list.
    owners: Vec<Vec<usize>>,
}

impl Index {
    fn new() -> Index {
        let mut by_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, message) in messages().iter().enumerate() {
            for literal in message.literals() {
                by_text.entry(literal).or_default().push(place);
            }
        }
        let literals = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(by_text.keys())
            .ok();
        Index {
            literals,
            owners: by_text.into_values().collect(),
        }
    }

    /// The messages that this line is one of, with the place of the match, in the order of the list.
    fn messages(&self, line: &str, source: Source) -> Vec<(usize, &'static Message, usize)> {
        let Some(literals) = &self.literals else {
            return Vec::new();
        };
        let mut candidates: Vec<(usize, usize)> = Vec::new();
        for found in literals.find_overlapping_iter(line) {
            let owners = self.owners.get(found.pattern().as_usize());
            for &owner in owners.into_iter().flatten() {
                if !candidates.iter().any(|(place, _)| *place == owner) {
                    candidates.push((owner, found.start()));
                }
            }
        }
        if candidates.is_empty() {
            return Vec::new();
        }
        candidates.sort_unstable();
        let mut lower = None;
        let all = messages();
        candidates
            .into_iter()
            .filter_map(|(place, at)| {
                let message = all.get(place)?;
                if !message.sources.contains(&source) {
                    return None;
                }
                let lower = lower.get_or_insert_with(|| line.to_ascii_lowercase());
                message.holds(line, lower).then_some((place, message, at))
            })
            .collect()
    }
}

/// A reader of logs. Give it each source's lines in order; it never fails.
#[derive(Debug, Default)]
pub struct Scan {
    /// By source and the message's place in the knowledge.
    kept: BTreeMap<(Source, usize), Kept>,
    lines: BTreeMap<Source, u64>,
    last_line: Option<(Source, u64, String)>,
}

#[derive(Debug, Default)]
struct Kept {
    first: Vec<Sighting>,
    last: VecDeque<Sighting>,
}

impl Kept {
    fn keep(&mut self, sighting: Sighting) {
        if self.first.len() < FIRST {
            self.first.push(sighting);
        } else {
            if self.last.len() == LAST {
                self.last.pop_front();
            }
            self.last.push_back(sighting);
        }
    }
}

impl Scan {
    pub fn new() -> Scan {
        Scan::default()
    }

    /// Takes one line, without its end. `true` if it says something.
    pub fn line(&mut self, source: Source, number: u64, text: &str) -> bool {
        *self.lines.entry(source).or_default() += 1;
        if source == Source::Stderr && !text.trim().is_empty() {
            self.last_line = Some((source, number, cut(text, 0).to_owned()));
        }
        let found = INDEX.messages(text, source);
        for &(place, message, at) in &found {
            let text = cut(text, at);
            let sighting = Sighting {
                source,
                line: number,
                fact: message.parse.and_then(|parser| Fact::of(parser, text)),
                text: text.to_owned(),
                message,
            };
            self.kept.entry((source, place)).or_default().keep(sighting);
        }
        !found.is_empty()
    }

    /// A whole text, its lines numbered from 1.
    pub fn text(&mut self, source: Source, text: &str) {
        for (line, number) in text.lines().zip(1..) {
            self.line(source, number, line);
        }
    }

    /// Entries of a log, which may themselves hold several lines.
    pub fn lines(&mut self, source: Source, lines: &[String]) {
        for (line, number) in lines.iter().flat_map(|entry| entry.lines()).zip(1..) {
            self.line(source, number, line);
        }
    }

    /// What is known besides, a line for each: `name: value`.
    pub fn facts(&mut self, facts: &Map<String, Value>) {
        for ((name, value), number) in facts.iter().zip(1..) {
            let value = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // What is not so proves nothing here.
            let said = name.starts_with("env") && value.is_empty();
            if !said && matches!(value.as_str(), "0" | "false" | "null" | "no" | "none" | "") {
                continue;
            }
            self.line(Source::Facts, number, &format!("{name}: {value}"));
        }
    }

    /// Takes note of how a stream ended whose lines were given otherwise.
    pub fn last_line_of(&mut self, source: Source, text: &str) {
        if let Some(line) = text.lines().rfind(|line| !line.trim().is_empty()) {
            self.last_line = Some((source, 0, cut(line, 0).to_owned()));
        }
    }

    /// Whether a line would be kept.
    pub fn is_notable(source: Source, text: &str) -> bool {
        !INDEX.messages(text, source).is_empty()
    }

    pub fn finish(self) -> Sightings {
        let mut seen: Vec<Sighting> = self
            .kept
            .into_values()
            .flat_map(|kept| kept.first.into_iter().chain(kept.last))
            .collect();
        // Stable: messages of one line stay in the order of the list.
        seen.sort_by_key(|it| (it.source, it.line));
        Sightings {
            seen,
            lines: self.lines,
            last_line: self.last_line,
        }
    }
}

/// The part of a long line around a place in it, at the borders of characters.
fn cut(text: &str, at: usize) -> &str {
    if text.len() <= TEXT {
        return text;
    }
    let mut start = at.saturating_sub(TEXT / 4).min(text.len() - TEXT);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut end = (start + TEXT).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_match_and_between_characters() {
        let line = format!("{}needle{}", "é".repeat(5000), "ü".repeat(5000));
        let part = cut(&line, 10_000);
        assert!(part.len() <= TEXT && part.contains("needle"));
        assert_eq!(cut("short", 3), "short");
    }
}
