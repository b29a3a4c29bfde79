//! What programs, drivers, the kernel and service managers print, and what each line says about a cause.

use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;

use crate::diagnose::Source;
use crate::verdict::{Class, Confidence};

/// A family of messages each, by what prints them or what they are about.
const FILES: &[(&str, &str)] = &[
    ("cuda_errors", include_str!("messages/cuda_errors.toml")),
    ("gpu_memory", include_str!("messages/gpu_memory.toml")),
    ("host", include_str!("messages/host.toml")),
    ("driver", include_str!("messages/driver.toml")),
    ("machine", include_str!("messages/machine.toml")),
    ("libraries", include_str!("messages/libraries.toml")),
    ("network", include_str!("messages/network.toml")),
    ("collectives", include_str!("messages/collectives.toml")),
    ("outside", include_str!("messages/outside.toml")),
    ("model", include_str!("messages/model.toml")),
    ("python", include_str!("messages/python.toml")),
    ("hints", include_str!("messages/hints.toml")),
    ("facts", include_str!("messages/facts.toml")),
];

static MESSAGES: LazyLock<Vec<Message>> =
    LazyLock::new(|| FILES.iter().flat_map(|(_, text)| parsed(text)).collect());

/// How much a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Names nothing by itself; code, or a message that it explains, makes something of it.
    Context,
    /// Reports what something else did: it counts only where nothing better is known.
    Echo,
    /// What an error talks about: a lead where nothing better is known.
    Hint,
    /// A sign that other causes leave as well.
    Symptom,
    /// Only this cause, or hardly any other, prints it.
    Cause,
}

/// A line of this kind holds values worth taking apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parser {
    Xid,
    KernelOom,
    GpuMemory,
    Exception,
    Measured,
}

#[derive(Debug)]
pub struct Message {
    pub id: String,
    /// `None` where the line is only context.
    pub class: Option<Class>,
    pub role: Role,
    /// The highest that this line may give by itself.
    pub confidence: Confidence,
    /// One of these has to stand in the line, whatever the case of its letters.
    pub any: Vec<String>,
    /// Each of these as well.
    pub all: Vec<String>,
    /// None of these.
    pub not: Vec<String>,
    pub regex: Option<Expression>,
    /// The number by which a CUDA error may be reported instead of its text.
    pub code: Option<(String, Expression)>,
    /// Where the line counts.
    pub sources: Vec<Source>,
    /// Classes of which this one is the cause where both are seen.
    pub explains: Vec<Class>,
    /// The same for single messages.
    pub explains_messages: Vec<String>,
    pub parse: Option<Parser>,
    /// What it means, in a sentence, for the evidence.
    pub meaning: String,
    /// Lines of our own that it must match, and lines that it must not.
    pub examples: Vec<String>,
    pub near_misses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    message: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    class: Option<Class>,
    role: Role,
    confidence: Option<Confidence>,
    any: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    regex: Option<String>,
    code: Option<u32>,
    #[serde(default = "user_space")]
    sources: Vec<Source>,
    #[serde(default)]
    explains: Vec<Class>,
    #[serde(default)]
    explains_messages: Vec<String>,
    parse: Option<Parser>,
    #[serde(default)]
    meaning: String,
    examples: Vec<String>,
    #[serde(default)]
    near_misses: Vec<String>,
}

fn user_space() -> Vec<Source> {
    vec![Source::Stderr, Source::Stdout, Source::ServiceLog]
}

/// All of them; the tests see to it that every file and every expression can be read.
pub fn messages() -> &'static [Message] {
    &MESSAGES
}

pub fn message(id: &str) -> Option<&'static Message> {
    MESSAGES.iter().find(|message| message.id == id)
}

fn parsed(text: &str) -> Vec<Message> {
    let rows = toml::from_str::<File>(text).map(|file| file.message);
    rows.unwrap_or_default().into_iter().map(compiled).collect()
}

fn compiled(row: Row) -> Message {
    let lower = |words: Vec<String>| words.iter().map(|it| it.to_ascii_lowercase()).collect();
    Message {
        confidence: row.confidence.unwrap_or(Confidence::Likely),
        id: row.id,
        class: row.class,
        role: row.role,
        any: lower(row.any),
        all: lower(row.all),
        not: lower(row.not),
        regex: row.regex.map(Expression::new),
        code: row.code.map(numbered),
        sources: row.sources,
        explains: row.explains,
        explains_messages: row.explains_messages,
        parse: row.parse,
        meaning: row.meaning,
        examples: row.examples,
        near_misses: row.near_misses,
    }
}

/// `error 700`, `err=700`, `(700)` and the like, in a line that speaks of CUDA.
fn numbered(code: u32) -> (String, Expression) {
    let expression = format!(
        r"\b(cu|hip|nv|ggml)\w*\b.*?\b(error|err|failure|failed|code|status|returned|value)\b\W{{0,4}}(code\W{{1,3}})?{code}\b|\b(error|err|failure|code|return value)\W{{0,3}}{code}\b.*\b(cu|hip)[a-z]"
    );
    (code.to_string(), Expression::new(expression))
}

/// A regular expression that is compiled when the first line comes that it may fit: most never are.
#[derive(Debug)]
pub struct Expression {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    fn new(text: impl Into<String>) -> Expression {
        Expression {
            text: text.into(),
            compiled: OnceLock::new(),
        }
    }

    pub fn is_match(&self, line: &str) -> bool {
        let compiled = self
            .compiled
            .get_or_init(|| Regex::new(&format!("(?i){}", self.text)).ok());
        compiled.as_ref().is_some_and(|it| it.is_match(line))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::diagnose::Scan;

    fn rows() -> Vec<(&'static str, Row)> {
        let mut rows = Vec::new();
        for (name, text) in FILES {
            let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            rows.extend(file.message.into_iter().map(|row| (*name, row)));
        }
        rows
    }

    #[test]
    fn every_message_can_be_read_and_no_id_stands_twice() {
        let mut seen = HashSet::new();
        for (file, row) in rows() {
            assert!(seen.insert(row.id.clone()), "{file}: {} twice", row.id);
            assert!(!row.any.is_empty(), "{}", row.id);
            assert!(row.any.iter().all(|it| it.len() >= 3), "{}", row.id);
            assert!(!row.examples.is_empty(), "{}", row.id);
            assert!(
                row.class.is_some() || row.role == Role::Context || row.role == Role::Echo,
                "{}",
                row.id
            );
            assert_ne!(row.class, Some(Class::Unknown), "{}", row.id);
            if let Some(regex) = &row.regex {
                Regex::new(regex).unwrap_or_else(|error| panic!("{}: {error}", row.id));
            }
        }
        assert_eq!(seen.len(), messages().len());
    }

    #[test]
    fn every_example_is_matched_and_no_near_miss_is() {
        let hit = |message: &Message, line: &str| {
            message.sources.iter().all(|&source| {
                let mut scan = Scan::new();
                scan.line(source, 1, line);
                scan.finish().iter().any(|it| it.message.id == message.id)
            })
        };
        let mut wrong = Vec::new();
        for message in messages() {
            let missed = message.examples.iter().filter(|line| !hit(message, line));
            wrong.extend(missed.map(|line| format!("{} misses {line:?}", message.id)));
            let taken = message.near_misses.iter().filter(|line| hit(message, line));
            wrong.extend(taken.map(|line| format!("{} takes {line:?}", message.id)));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
