//! What `lint` found, for people and for programs.

use super::page::{BOLD, Page};
use crate::knowledge::{Mistake, mistakes};
use crate::lint::{Finding, Lint, Severity};
use crate::verdict::Confidence;

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";
const CYAN: &str = "36";

/// `files` is how many were read.
pub fn lint(lint: &Lint, files: usize, columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    for (at, finding) in lint.findings.iter().enumerate() {
        // The same mistake many times over is explained once.
        let before = lint.findings.get(..at).unwrap_or_default();
        let known = before.iter().any(|it| same_words(it, finding));
        one(&mut page, finding, known);
    }
    let read = match files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    if lint.findings.is_empty() {
        page.heading(GREEN, &format!("✓ {read}, nothing found"));
    } else {
        let style = worst(lint).map_or(GREEN, style);
        page.heading(style, &format!("{} in {read}", counts(lint)));
    }
    page.finish()
}

fn one(page: &mut Page, finding: &Finding, known: bool) {
    let severity: &str = finding.severity.into();
    let doubt = match finding.confidence {
        Confidence::Certain => String::new(),
        other => format!(", {other}"),
    };
    let title = format!(
        "{}:{}: {severity}[{}]{doubt}: {}",
        finding.file, finding.line, finding.rule, finding.message
    );
    page.heading(style(finding.severity), &title);
    if !known {
        page.row("  why", &finding.why);
    }
    fix(page, "  fix", &finding.fix);
}

/// A sentence, or lines to be copied as they are.
fn fix(page: &mut Page, label: &str, text: &str) {
    match text.contains('\n') {
        true => page.verbatim(label, &text.lines().collect::<Vec<_>>()),
        false => page.row(label, text),
    }
}

fn same_words(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule && one.why == other.why
}

fn style(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => CYAN,
    }
}

fn worst(lint: &Lint) -> Option<Severity> {
    lint.findings.iter().map(|it| it.severity).min()
}

/// `1 error, 3 notes`.
fn counts(lint: &Lint) -> String {
    [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|of| {
            let count = lint.findings.iter().filter(|it| it.severity == of).count();
            (count, <&str>::from(of))
        })
        .filter(|&(count, _)| count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect::<Vec<_>>()
        .join(", ")
}

pub fn lint_json(lint: &Lint) -> String {
    let mut text = serde_json::to_string_pretty(lint).unwrap_or_default();
    text.push('\n');
    text
}

/// One rule, with where each fact comes from.
pub fn mistake(mistake: &Mistake, columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    page.heading(BOLD, &format!("{}: {}", mistake.id, mistake.title));
    page.blank();
    let severity: &str = mistake.severity.into();
    page.row("severity", &format!("{severity}, {}", mistake.confidence));
    page.row("why", &mistake.why);
    fix(&mut page, "fix", &mistake.fix);
    if let Some(class) = mistake.class {
        let text = format!("{class}: what a run that dies of it is classed as");
        page.row("class", &text);
    }
    page.row("ignore", &format!("# crashpoint: ignore[{}]", mistake.id));
    page.blank();
    page.list("sources", &mistake.sources);
    page.finish()
}

/// Every rule, a line each.
pub fn mistake_list(columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    for mistake in mistakes() {
        let severity: &str = mistake.severity.into();
        page.wide_row(&mistake.id, &format!("{severity}: {}", mistake.title));
    }
    page.blank();
    page.row("ask for", "crashpoint lint --explain RULE");
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::SCHEMA;

    fn found() -> Lint {
        let mistake = crate::knowledge::mistake("integer-dtype").unwrap();
        let message = "`torch_dtype` is \u{1b}[31mtorch.int8".to_owned();
        let finding = Finding::of(mistake, "serve/\u{1b}model.py", 12..=14, message);
        let again = Finding {
            line: 40,
            ..finding.clone()
        };
        Lint {
            schema: SCHEMA.to_owned(),
            findings: vec![finding, again],
        }
    }

    #[test]
    fn lines_to_be_copied_are_whole() {
        let path = format!("Environment=\"PATH={}\"", "/opt/conda/bin:".repeat(20));
        let mut found = found();
        found.findings[0].fix = format!("[Service]\n{path}");
        let text = lint(&found, 1, 80, false);
        assert!(text.contains(&path), "{text}");
    }

    #[test]
    fn each_finding_has_its_place_and_its_fix_and_a_reason_is_given_once() {
        let found = found();
        let text = lint(&found, 3, 100, false);
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(
            text.contains("model.py:12: error[integer-dtype]: "),
            "{text}"
        );
        assert_eq!(text.matches("  why").count(), 1, "{text}");
        assert_eq!(text.matches("  fix").count(), 2, "{text}");
        assert!(text.ends_with("\n2 errors in 3 files\n"), "{text}");
        let read: Lint = serde_json::from_str(&lint_json(&found)).unwrap();
        assert_eq!(read, found);
    }

    #[test]
    fn nothing_found_is_said() {
        let nothing = Lint {
            schema: SCHEMA.to_owned(),
            findings: Vec::new(),
        };
        assert_eq!(lint(&nothing, 1, 80, false), "✓ 1 file, nothing found\n");
    }

    #[test]
    fn every_rule_is_listed_and_explained_with_its_sources() {
        let list = mistake_list(100, false);
        for one in mistakes() {
            assert!(list.contains(&one.id), "{}", one.id);
            let text = mistake(one, 100, false);
            assert!(text.contains("sources"), "{text}");
        }
    }
}
