//! Every rule of Python has a program in which it fires, where `# expect` stands, and a near miss in
//! which it does not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crashpoint_lint::{Machine, lint};
use crashpoint_reports::lint::Finding;

const CARD: Machine = Machine {
    gpu_memory: Some(24 << 30),
};

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
}

fn found(path: &Path) -> (String, Vec<Finding>) {
    let text = fs::read_to_string(path).unwrap();
    let found = lint(path.to_str().unwrap(), &text, &CARD).unwrap();
    (text, found)
}

/// The rules of the table for Python.
fn rules() -> BTreeSet<String> {
    let table = include_str!("../../reports/src/knowledge/mistakes/python.toml");
    let headings = table
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    headings.map(str::to_owned).collect()
}

#[test]
fn every_rule_has_its_fixtures_and_every_fixture_its_rule() {
    let folders = fs::read_dir(fixtures("python")).unwrap();
    let names: BTreeSet<String> = folders
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, rules());
}

#[test]
fn every_rule_fires_where_it_should_and_nowhere_else() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let folder = fixtures("python").join(&rule);
        let mut fires = 0;
        let mut near_misses = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let (text, findings) = found(&path);
            let mine = findings.iter().filter(|it| it.rule == rule);
            // A call over several lines says it at one of them.
            let lines: Vec<u32> = mine.map(|it| it.line).collect();
            let expected: Vec<u32> = (1..)
                .zip(text.lines())
                .filter(|(_, line)| line.ends_with("# expect"))
                .map(|(number, _)| number)
                .collect();
            if lines != expected {
                wrong.push(format!("{}: {lines:?}, not {expected:?}", path.display()));
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            fires += usize::from(name.starts_with("fires") && !expected.is_empty());
            near_misses += usize::from(name.starts_with("near_miss") && expected.is_empty());
        }
        assert!(fires > 0 && near_misses > 0, "{rule}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn rules_in(file: &str) -> Vec<String> {
    let (_, findings) = found(&fixtures("incident").join(file));
    findings.into_iter().map(|it| it.rule).collect()
}

#[test]
fn the_incidents_mistakes_are_found_with_their_fixes() {
    let (_, findings) = found(&fixtures("incident").join("integer_dtype.py"));
    let dtype = findings
        .iter()
        .find(|it| it.rule == "integer-dtype")
        .unwrap();
    assert!(
        dtype.fix.contains("BitsAndBytesConfig(load_in_8bit=True)"),
        "{dtype:?}"
    );
    assert_eq!(dtype.line, 6);
    for file in ["flat_prompt.py", "prompt_alone.py"] {
        let (_, findings) = found(&fixtures("incident").join(file));
        let wrong = findings
            .iter()
            .find(|it| it.rule == "processor-positional")
            .unwrap();
        assert!(wrong.fix.contains("images=image, text=prompt"), "{wrong:?}");
        assert!(wrong.fix.contains("apply_chat_template"), "{wrong:?}");
        let flat = findings.iter().find(|it| it.rule == "flat-prompt").unwrap();
        assert!(flat.fix.contains("\"type\": \"image\""), "{flat:?}");
    }
}

#[test]
fn in_the_corrected_one_only_what_is_still_wrong_or_doubtful_is_found() {
    assert_eq!(
        rules_in("corrected.py"),
        [
            "unknown-quantisation-parameter",
            "unknown-quantisation-parameter",
            "unpinned-revision",
            "trust-remote-code",
            "trust-remote-code",
        ]
    );
}
