//! One environment as it was seen: what is not in it was not seen, and is never taken for absent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

pub const SCHEMA: &str = "crashpoint.env/1";

/// The value of what was looked for and is not there.
pub const NOT_FOUND: &str = "not found";

/// Short names and what was seen.
pub type Section = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capture {
    pub schema: String,
    #[serde(default)]
    pub crashpoint: String,
    pub of: Subject,
    /// Every variable by name, the value only where it is known to be harmless. Absent where they
    /// could not be read at all.
    #[serde(default)]
    pub variables: Option<BTreeMap<String, Option<String>>>,
    /// What a name on the `PATH` leads to.
    #[serde(default)]
    pub programs: Section,
    /// What the loader finds under a name, or what is mapped already.
    #[serde(default)]
    pub libraries: Section,
    /// Of the interpreter, its packages and the driver.
    #[serde(default)]
    pub versions: Section,
    /// `soft:hard`, in bytes, numbers or microseconds, or `unlimited`.
    #[serde(default)]
    pub limits: Section,
    #[serde(default)]
    pub cgroup: Section,
    #[serde(default)]
    pub identity: Section,
    #[serde(default)]
    pub process: Section,
    /// Nodes of the GPU's devices, as the process sees them.
    #[serde(default)]
    pub devices: Section,
    /// Where files of size or speed lie, as the process sees them.
    #[serde(default)]
    pub mounts: Section,
    #[serde(default)]
    pub namespaces: Section,
    /// What could not be seen, and why: a sentence each.
    #[serde(default)]
    pub not_seen: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub kind: Kind,
    /// A unit's name, a command's program; empty for what has none.
    #[serde(default)]
    pub name: String,
    /// As in `running, process 4711`.
    #[serde(default)]
    pub state: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// What crashpoint itself was started in.
    #[strum(serialize = "this shell")]
    This,
    Process,
    Unit,
    #[strum(serialize = "user unit")]
    UserUnit,
    Command,
}

impl Capture {
    pub fn of(of: Subject, crashpoint: &str) -> Capture {
        Capture {
            schema: SCHEMA.to_owned(),
            crashpoint: crashpoint.to_owned(),
            of,
            variables: None,
            programs: Section::new(),
            libraries: Section::new(),
            versions: Section::new(),
            limits: Section::new(),
            cgroup: Section::new(),
            identity: Section::new(),
            process: Section::new(),
            devices: Section::new(),
            mounts: Section::new(),
            namespaces: Section::new(),
            not_seen: Vec::new(),
        }
    }

    /// An error is a clause: why this text is no capture.
    pub fn read(text: &str) -> Result<Capture, String> {
        let capture: Capture = serde_json::from_str(text)
            .map_err(|error| format!("it is no capture of an environment: {error}"))?;
        if capture.schema != SCHEMA {
            let schema: String = capture.schema.chars().take(40).collect();
            return Err(format!("its schema is {schema:?} and not {SCHEMA:?}"));
        }
        Ok(capture)
    }

    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// All that was seen but the variables, as in `limits.locked memory`.
    pub(super) fn facts(&self) -> BTreeMap<String, &str> {
        let sections = [
            ("programs", &self.programs),
            ("libraries", &self.libraries),
            ("versions", &self.versions),
            ("limits", &self.limits),
            ("cgroup", &self.cgroup),
            ("identity", &self.identity),
            ("process", &self.process),
            ("devices", &self.devices),
            ("mounts", &self.mounts),
            ("namespaces", &self.namespaces),
        ];
        let mut all = BTreeMap::new();
        for (section, facts) in sections {
            for (name, value) in facts {
                all.insert(format!("{section}.{name}"), value.as_str());
            }
        }
        all
    }

    /// Every text in it, and the names of variables, goes through this.
    pub fn rewrite(&mut self, rewrite: impl Fn(&str) -> String) {
        let over = |section: &mut Section| {
            section
                .values_mut()
                .for_each(|value| *value = rewrite(value));
        };
        for section in [
            &mut self.programs,
            &mut self.libraries,
            &mut self.versions,
            &mut self.limits,
            &mut self.cgroup,
            &mut self.identity,
            &mut self.process,
            &mut self.devices,
            &mut self.namespaces,
        ] {
            over(section);
        }
        let rewritten = |(name, value): (String, String)| (rewrite(&name), rewrite(&value));
        self.mounts = std::mem::take(&mut self.mounts)
            .into_iter()
            .map(rewritten)
            .collect();
        for value in self.variables.iter_mut().flat_map(BTreeMap::values_mut) {
            *value = value.as_deref().map(&rewrite);
        }
        for text in self
            .not_seen
            .iter_mut()
            .chain([&mut self.of.name, &mut self.of.state])
        {
            *text = rewrite(text);
        }
    }
}

impl Subject {
    pub fn new(kind: Kind, name: impl Into<String>, state: impl Into<String>) -> Subject {
        Subject {
            kind,
            name: name.into(),
            state: state.into(),
        }
    }

    /// As in `unit llava.service (running, process 4711)`.
    pub fn words(&self) -> String {
        let kind: &str = self.kind.into();
        let mut words = kind.to_owned();
        if !self.name.is_empty() {
            words = format!("{words} {}", self.name);
        }
        if !self.state.is_empty() {
            words = format!("{words} ({})", self.state);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_capture_is_told_in_a_clause() {
        for (text, part) in [
            ("", "no capture"),
            ("{}", "no capture"),
            (
                r#"{"schema":"crashpoint.report/1","of":{"kind":"this"}}"#,
                "its schema",
            ),
        ] {
            let why = Capture::read(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
        let capture = Capture::of(Subject::new(Kind::This, "", ""), "1");
        assert_eq!(Capture::read(&capture.json()).unwrap(), capture);
    }
}
