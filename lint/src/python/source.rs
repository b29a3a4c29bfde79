//! The one place that knows the parser: from text to a tree, whatever the text is.

use std::ops::RangeInclusive;

use ruff_python_ast::{PySourceType, Stmt, Suite};
use ruff_python_parser::parse_unchecked_source;
use ruff_source_file::LineIndex;
use ruff_text_size::TextRange;

#[derive(Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    body: Suite,
    index: LineIndex,
}

impl<'a> Source<'a> {
    pub fn parse(file: &'a str, text: &str) -> Source<'a> {
        let parsed = parse_unchecked_source(text, PySourceType::Python);
        Source {
            file,
            body: parsed.into_suite(),
            index: LineIndex::from_source_text(text),
        }
    }

    pub fn body(&self) -> &[Stmt] {
        &self.body
    }

    /// From 1.
    pub fn lines(&self, range: TextRange) -> RangeInclusive<u32> {
        let line = |offset| u32::try_from(self.index.line_index(offset).get()).unwrap_or(u32::MAX);
        line(range.start())..=line(range.end())
    }
}
