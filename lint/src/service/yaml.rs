//! YAML with the lines where things stand. An alias is the very node that it names, never a copy,
//! and depth is bounded, aliases included: a file can be no larger in memory than on disk.

use std::collections::HashMap;
use std::rc::Rc;

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

use super::finding::Lines;

#[derive(Debug)]
pub struct Node {
    pub lines: Lines,
    kind: Kind,
    /// Of what is in it.
    depth: usize,
}

#[derive(Debug)]
enum Kind {
    Scalar { text: String, plain: bool },
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

const DEEPEST: usize = 64;
/// How many maps are looked through for what `<<` brings in.
const MERGED: usize = 32;

/// The documents before the first that cannot be read.
pub fn documents(text: &str) -> Vec<Rc<Node>> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Ok((event, mark)) = parser.next_token() {
        let line = u32::try_from(mark.line()).unwrap_or(u32::MAX).max(1);
        if matches!(event, Event::StreamEnd) || builder.take(event, line).is_none() {
            break;
        }
    }
    builder.documents
}

#[derive(Default)]
struct Builder {
    documents: Vec<Rc<Node>>,
    anchors: HashMap<usize, Rc<Node>>,
    open: Vec<Open>,
}

struct Open {
    anchor: usize,
    line: u32,
    is_map: bool,
    children: Vec<Rc<Node>>,
}

impl Builder {
    /// `None`: it is too deep.
    fn take(&mut self, event: Event, line: u32) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let more = text.trim_end_matches('\n').matches('\n').count();
                let lines = line..=line.saturating_add(more as u32);
                let plain = style == TScalarStyle::Plain;
                self.put(anchor, lines, Kind::Scalar { text, plain }, 1)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, line, false),
            Event::MappingStart(anchor, _) => self.begin(anchor, line, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let depth = open.children.iter().map(|it| it.depth).max().unwrap_or(0);
                let last = open.children.last().map_or(open.line, |it| *it.lines.end());
                let mut children = open.children;
                let kind = match open.is_map {
                    false => Kind::List(children),
                    true => {
                        let mut pairs = Vec::with_capacity(children.len() / 2);
                        let mut all = children.drain(..);
                        while let (Some(key), Some(value)) = (all.next(), all.next()) {
                            pairs.push((key, value));
                        }
                        drop(all);
                        Kind::Map(pairs)
                    }
                };
                self.put(
                    open.anchor,
                    open.line..=last.max(open.line),
                    kind,
                    depth + 1,
                )
            }
            Event::Alias(anchor) => {
                // Within itself it is nothing.
                let node = self.anchors.get(&anchor).cloned().unwrap_or_else(|| {
                    Rc::new(Node {
                        lines: line..=line,
                        kind: Kind::List(Vec::new()),
                        depth: 1,
                    })
                });
                self.add(node)
            }
            _ => Some(()),
        }
    }

    fn begin(&mut self, anchor: usize, line: u32, is_map: bool) -> Option<()> {
        self.open.push(Open {
            anchor,
            line,
            is_map,
            children: Vec::new(),
        });
        (self.open.len() < DEEPEST).then_some(())
    }

    fn put(&mut self, anchor: usize, lines: Lines, kind: Kind, depth: usize) -> Option<()> {
        let node = Rc::new(Node { lines, kind, depth });
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.add(node)
    }

    fn add(&mut self, node: Rc<Node>) -> Option<()> {
        if self.open.len() + node.depth > DEEPEST {
            return None;
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.documents.push(node),
        }
        Some(())
    }
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is a number, a truth value or nothing, to whoever reads it as YAML.
    pub fn is_no_string(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, plain } => {
                *plain
                    && (text.parse::<f64>().is_ok()
                        || matches!(text.as_str(), "true" | "false" | "True" | "False"))
            }
            _ => false,
        }
    }

    pub fn list(&self) -> &[Rc<Node>] {
        match &self.kind {
            Kind::List(list) => list,
            _ => &[],
        }
    }

    pub fn pairs(&self) -> &[(Rc<Node>, Rc<Node>)] {
        match &self.kind {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        let mut left = MERGED;
        self.find(key, &mut left)
    }

    /// Along several keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    fn find(&self, key: &str, left: &mut usize) -> Option<&Node> {
        *left = left.checked_sub(1)?;
        let own = |wanted: &str| {
            let pairs = self.pairs().iter();
            pairs.rev().find(|(key, _)| key.text() == Some(wanted))
        };
        if let Some((_, value)) = own(key) {
            return Some(value);
        }
        let (_, merged) = own("<<")?;
        match &merged.kind {
            Kind::List(maps) => maps.iter().find_map(|it| it.find(key, left)),
            _ => merged.find(key, left),
        }
    }

    /// Where the key itself stands, or else the whole.
    pub fn lines_of(&self, key: &str) -> Lines {
        self.pairs()
            .iter()
            .find(|(it, _)| it.text() == Some(key))
            .map_or(self.lines.clone(), |(key, _)| key.lines.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_with_their_lines_through_merges() {
        assert_eq!(documents("a: 1\n---\nb: 2\n").len(), 2);
        let one = documents("x: &x\n  a: 1\n  b: 2\nc:\n  <<: *x\n  b: '3'\n");
        let c = one[0].get("c").unwrap();
        assert_eq!(c.get("a").and_then(Node::text), Some("1"));
        let b = c.get("b").unwrap();
        assert_eq!(
            (b.text(), b.lines.clone(), b.is_no_string()),
            (Some("3"), 6..=6, false)
        );
        assert_eq!(c.lines_of("b"), 6..=6);
    }

    #[test]
    fn neither_depth_nor_aliases_cost_more_than_their_text() {
        let deep = "[".repeat(100_000);
        assert!(documents(&deep).is_empty());
        let deep: String = (0..5000)
            .map(|it| format!("{}a:\n", " ".repeat(it)))
            .collect();
        assert!(documents(&deep).is_empty());
        let mut laughs = String::from("a0: &a0 [x]\n");
        for level in 1..60 {
            let previous = format!("*a{}, ", level - 1).repeat(9);
            laughs += &format!("a{level}: &a{level} [{previous}]\n");
        }
        documents(&laughs);
        assert_eq!(documents("a: &a [*a]").len(), 1);
    }
}
