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

/// Finds every literal of every message in one pass over a line, whatever their number. Only a line
/// with the right ones is looked at with a regular expression.
struct Index {
    literals: Option<AhoCorasick>,
    /// The messages that each literal may stand for, by their place in the list.
    owners: Vec<Vec<usize>>,
    /// By the message's place.
    needs: Vec<Needs>,
}

/// What a message needs, as numbers of literals.
struct Needs {
    any: Vec<usize>,
    all: Vec<usize>,
    not: Vec<usize>,
    code: Option<usize>,
}

/// Which literals a line has.
struct Found(Vec<u64>);

impl Found {
    fn set(&mut self, literal: usize) {
        if let Some(word) = self.0.get_mut(literal / 64) {
            *word |= 1 << (literal % 64);
        }
    }

    fn has(&self, literal: usize) -> bool {
        let word = self.0.get(literal / 64).copied().unwrap_or(0);
        word & (1 << (literal % 64)) != 0
    }
}

impl Index {
    fn new() -> Index {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut owners: Vec<Vec<usize>> = Vec::new();
        let mut needs = Vec::new();
        for (place, message) in messages().iter().enumerate() {
            let mut number = |text: &'static str, owned: bool| {
                let next = numbers.len();
                let literal = *numbers.entry(text).or_insert(next);
                owners.resize_with(owners.len().max(literal + 1), Vec::new);
                if owned && let Some(owner) = owners.get_mut(literal) {
                    owner.push(place);
                }
                literal
            };
            let code = message.code.as_ref();
            needs.push(Needs {
                any: message.any.iter().map(|it| number(it, true)).collect(),
                all: message.all.iter().map(|it| number(it, false)).collect(),
                not: message.not.iter().map(|it| number(it, false)).collect(),
                code: code.map(|(digits, _)| number(digits, true)),
            });
        }
        let mut texts: Vec<(&str, usize)> = numbers.into_iter().collect();
        texts.sort_by_key(|(_, number)| *number);
        let literals = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(texts.into_iter().map(|(text, _)| text))
            .ok();
        Index {
            literals,
            owners,
            needs,
        }
    }

    /// The messages that this line is one of, in the order of the list, each with its place there
    /// and where in the line it begins.
    fn messages(&self, line: &str, source: Source) -> Vec<(usize, &'static Message, usize)> {
        let Some(literals) = &self.literals else {
            return Vec::new();
        };
        let mut found = Found(vec![0; self.owners.len().div_ceil(64)]);
        let mut candidates: Vec<(usize, usize)> = Vec::new();
        for hit in literals.find_overlapping_iter(line) {
            let literal = hit.pattern().as_usize();
            if found.has(literal) {
                continue;
            }
            found.set(literal);
            let owners = self.owners.get(literal).into_iter().flatten();
            candidates.extend(owners.map(|&owner| (owner, hit.start())));
        }
        candidates.sort_unstable();
        candidates.dedup_by_key(|(place, _)| *place);
        candidates
            .into_iter()
            .filter_map(|(place, at)| {
                let (message, needs) = (messages().get(place)?, self.needs.get(place)?);
                (message.sources.contains(&source)
                    && needs.all.iter().all(|&it| found.has(it))
                    && !needs.not.iter().any(|&it| found.has(it))
                    && is_said(message, needs, &found, line)
                    && message.regex.as_ref().is_none_or(|it| it.is_match(line)))
                .then_some((place, message, at))
            })
            .collect()
    }
}

/// One of its texts stands there, or its number in the right words.
fn is_said(message: &Message, needs: &Needs, found: &Found, line: &str) -> bool {
    let by_number = || {
        let digits = needs.code.is_some_and(|it| found.has(it));
        let code = message.code.as_ref().filter(|_| digits);
        code.is_some_and(|(_, expression)| expression.is_match(line))
    };
    needs.any.iter().any(|&it| found.has(it)) || by_number()
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
