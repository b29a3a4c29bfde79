//! Fields that are not the same on both sides, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::Report;
use crate::words::shell;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub field: String,
    /// `null` where the field is absent.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Different with every start of a machine or a shell, and no part of what a program runs on.
const PASSING: [&str; 1] = ["boot_id"];

pub fn configuration(before: &Report, after: &Report) -> Vec<Difference> {
    let fields = |report: &Report| {
        let mut fields = flat(serde_json::to_value(&report.run.settings).unwrap_or_default());
        if let Some(header) = &report.run.header {
            // Where the program itself lies is no part of what it was told.
            let words = header.command.get(1..).unwrap_or_default();
            fields.insert("command line".to_owned(), shell(words));
        }
        fields
    };
    between(&fields(before), &fields(after))
}

pub fn environment(before: &Report, after: &Report) -> Vec<Difference> {
    let fields = |report: &Report| {
        let mut fields = flat(serde_json::to_value(&report.environment).unwrap_or_default());
        fields.retain(|name, _| !PASSING.contains(&name.as_str()));
        fields
    };
    between(&fields(before), &fields(after))
}

fn between(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            field: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

/// `gpu.gpus.0.name` and so on. What is `null` is absent, but for the value of a variable: it is set,
/// and what to is not recorded.
fn flat(value: Value) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    walk(String::new(), value, &mut fields);
    fields
}

fn walk(name: String, value: Value, fields: &mut BTreeMap<String, String>) {
    let under = |part: &str| {
        if name.is_empty() {
            part.to_owned()
        } else {
            format!("{name}.{part}")
        }
    };
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                walk(under(&part), value, fields);
            }
        }
        Value::Array(parts) => {
            for (at, value) in parts.into_iter().enumerate() {
                walk(under(&at.to_string()), value, fields);
            }
        }
        Value::Null if name.starts_with("variables.") => {
            fields.insert(name, "set (value not recorded)".to_owned());
        }
        Value::Null => {}
        Value::String(text) => {
            fields.insert(name, text);
        }
        other => {
            fields.insert(name, other.to_string());
        }
    }
}
