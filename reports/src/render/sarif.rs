//! What `lint` found as SARIF 2.1.0, which code review tools take in.

use serde_json::{Value, json};

use crate::knowledge::mistake;
use crate::lint::{Finding, Lint, Severity};
use crate::verdict::Confidence;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub fn sarif(lint: &Lint) -> String {
    let mut rules: Vec<&str> = lint.findings.iter().map(|it| it.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let results = lint.findings.iter().map(|it| result(it, &rules));
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "crashpoint lint",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|it| rule(it)).collect::<Vec<_>>(),
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(id: &str) -> Value {
    let Some(known) = mistake(id) else {
        return json!({ "id": id });
    };
    json!({
        "id": id,
        "shortDescription": { "text": known.title },
        "fullDescription": { "text": known.why },
        "help": { "text": format!("{}\n\n{}", known.fix, known.sources.join("\n")) },
        "defaultConfiguration": { "level": level(known.severity) },
    })
}

fn result(finding: &Finding, rules: &[&str]) -> Value {
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|it| *it == finding.rule),
        "level": level(finding.severity),
        "rank": rank(finding.confidence),
        "message": { "text": format!("{}. {} {}", finding.message, finding.why, finding.fix) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&finding.file) },
                "region": { "startLine": finding.line, "endLine": finding.end_line },
            }
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Out of 100.
fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Certain => 100.0,
        Confidence::Likely => 75.0,
        Confidence::Possible => 40.0,
        Confidence::None => 0.0,
    }
}

/// A path as a reference: whatever means something in one is written as its number.
fn uri(path: &str) -> String {
    use std::fmt::Write;

    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::SCHEMA as LINT;

    #[test]
    fn results_point_at_their_rules_and_places() {
        let known = mistake("integer-dtype").unwrap();
        let finding = Finding::of(known, "my app/ä.py", 3..=4, "it is torch.int8".to_owned());
        let lint = Lint {
            schema: LINT.to_owned(),
            findings: vec![finding],
        };
        let log: Value = serde_json::from_str(&sarif(&lint)).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "integer-dtype");
        let result = &run["results"][0];
        assert_eq!(result["ruleIndex"], 0);
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20app/%C3%A4.py");
        assert_eq!(place["region"]["startLine"], 3);
    }
}
