//! A line of a log that says something, and what it says.

use super::facts::Fact;
use super::source::Source;
use crate::knowledge::Message;
use crate::verdict::Evidence;

#[derive(Debug, Clone)]
pub struct Sighting {
    pub source: Source,
    /// From 1, in its source.
    pub line: u64,
    /// Of a long line the part around the match.
    pub text: String,
    pub message: &'static Message,
    /// The values in it, where it is of a kind that has some.
    pub fact: Option<Fact>,
}

impl Sighting {
    pub fn is(&self, id: &str) -> bool {
        self.message.id == id
    }

    /// The line itself, with its place: `stderr:12`.
    pub fn evidence(&self) -> Evidence {
        let source = match self.source {
            source @ (Source::Facts | Source::Nvml) => source.to_string(),
            source => format!("{source}:{}", self.line),
        };
        Evidence::new(source, self.text.trim())
    }
}

/// All that was seen, in the order of the sources' rank and, within a source, of time.
#[derive(Debug, Clone, Default)]
pub struct Sightings {
    pub(super) seen: Vec<Sighting>,
    /// How many lines were read, by source.
    pub lines: std::collections::BTreeMap<Source, u64>,
    /// The last line of the error output that is not blank.
    pub last_line: Option<(Source, u64, String)>,
}

impl Sightings {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sighting> {
        self.seen.iter()
    }

    pub fn of<'a>(&'a self, id: &'a str) -> impl DoubleEndedIterator<Item = &'a Sighting> {
        self.iter().filter(move |it| it.is(id))
    }

    pub fn first(&self, id: &str) -> Option<&Sighting> {
        self.iter().find(|it| it.is(id))
    }

    pub fn any_of(&self, ids: &[&str]) -> Option<&Sighting> {
        self.iter().find(|it| ids.iter().any(|id| it.is(id)))
    }

    pub fn has(&self, id: &str) -> bool {
        self.first(id).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Whether anything of this source was given at all; what was not collected is not clean.
    pub fn was_given(&self, source: Source) -> bool {
        self.lines.contains_key(&source)
    }
}
