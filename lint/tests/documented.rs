//! The table of rules in `docs/lint.md` is the one that the rules make. With `CRASHPOINT_WRITE=1` it
//! is written.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use crashpoint_reports::knowledge::mistake;

const START: &str =
    "<!-- rules of Python: written from the table of rules, see lint/tests/documented.rs -->\n";
const END: &str = "<!-- end -->\n";

/// In the order in which they are written down.
fn table() -> String {
    let toml = include_str!("../../reports/src/knowledge/mistakes/python.toml");
    let headings = toml
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let mut table = "| rule | | what it finds |\n|---|---|---|\n".to_owned();
    for rule in headings {
        let known = mistake(rule).unwrap();
        let severity: &str = known.severity.into();
        table += &format!("| `{rule}` | {severity} | {} |\n", known.title);
    }
    table
}

#[test]
fn the_documented_rules_are_the_current_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{START}\n{}\n{END}{after}", table());
    if std::env::var_os("CRASHPOINT_WRITE").is_some() {
        fs::write(&path, current).unwrap();
    } else {
        assert!(
            page == current,
            "run `CRASHPOINT_WRITE=1 cargo test -p crashpoint-lint --test documented`, and look at the difference"
        );
    }
}
