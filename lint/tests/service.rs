//! Every rule for services has files that it must find something in, at the line after the comment
//! "next line", and near misses that it must say nothing of. What people run soundly gives no error
//! and no warning.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crashpoint_lint::service;
use crashpoint_reports::lint::{Finding, Severity};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/service")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder:?}");
    found
}

fn lint(path: &Path) -> (String, Vec<Finding>) {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(fixtures()).unwrap().to_str().unwrap();
    assert!(service::knows(name, &text), "{name}");
    let findings = service::lint(name, &text);
    (text, findings)
}

fn rules() -> BTreeSet<String> {
    let table = include_str!("../../reports/src/knowledge/mistakes/service.toml");
    let ids = table
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    ids.map(str::to_owned).collect()
}

#[test]
fn every_rule_has_a_pair_and_every_pair_a_rule() {
    let folders = fs::read_dir(fixtures()).unwrap();
    let mut found: BTreeSet<String> = folders
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(found.remove("sound"));
    assert_eq!(found, rules());
}

#[test]
fn what_must_fire_fires_where_it_stands() {
    for rule in rules() {
        for path in files(&fixtures().join(&rule).join("fires")) {
            let (text, findings) = lint(&path);
            let before = text.lines().position(|line| line.trim() == "# next line");
            let line = before.unwrap_or_else(|| panic!("{path:?} marks no line")) as u32 + 2;
            let found: Vec<_> = findings.iter().filter(|it| it.rule == rule).collect();
            assert!(
                found.iter().any(|it| it.line == line),
                "{path:?}, line {line}: {findings:#?}"
            );
            assert!(found.iter().all(|it| it.end_line >= it.line), "{path:?}");
        }
    }
}

#[test]
fn near_misses_are_left_alone() {
    for rule in rules() {
        for path in files(&fixtures().join(&rule).join("silent")) {
            let (_, findings) = lint(&path);
            let bad: Vec<_> = findings
                .iter()
                .filter(|it| it.rule == rule || it.severity != Severity::Note)
                .collect();
            assert!(bad.is_empty(), "{path:?}: {bad:#?}");
        }
    }
}

#[test]
fn sound_files_give_no_error_and_no_warning() {
    for path in files(&fixtures().join("sound")) {
        let (_, findings) = lint(&path);
        let bad: Vec<_> = findings
            .iter()
            .filter(|it| it.severity != Severity::Note)
            .collect();
        assert!(bad.is_empty(), "{path:?}: {bad:#?}");
    }
}

/// Cuts, doubles and swaps, always the same ones.
#[test]
fn damaged_files_are_read_without_a_panic() {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    let snippets = [
        "\"", "'", "\\\n", "${", "$(", "`", "<<EOF\n", "[", "{", "&a ", "*a", "- ", ": ", "=",
        "\n\n", "%", "\u{e9}", "#",
    ];
    for path in files(&fixtures()) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(fixtures()).unwrap().to_str().unwrap();
        for _ in 0..60 {
            let mut letters: Vec<char> = text.chars().collect();
            for _ in 0..1 + random(6) {
                let at = random(letters.len());
                match random(3) {
                    0 => letters.truncate(at.max(1)),
                    1 => {
                        let snippet = snippets[random(snippets.len())];
                        letters.splice(at..at, snippet.chars());
                    }
                    _ => {
                        let to = random(letters.len());
                        letters.swap(at, to);
                    }
                }
            }
            let damaged: String = letters.into_iter().collect();
            for finding in service::lint(name, &damaged) {
                assert!(
                    finding.line >= 1 && finding.end_line >= finding.line,
                    "{name}: {finding:?}"
                );
            }
        }
    }
}

/// The drop-ins that fixes propose, as systemd itself judges them.
#[test]
fn systemd_takes_the_drop_ins_that_are_proposed() {
    let version = Command::new("systemd-analyze")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !version.is_ok_and(|it| it.success()) {
        println!("skipped: systemd-analyze is not here, so nothing can judge the drop-ins");
        return;
    }
    let is_drop_in = |fix: &str| fix.starts_with("[Service]") || fix.starts_with("[Unit]");
    let mut fixes: BTreeSet<String> = crashpoint_reports::knowledge::mistakes()
        .filter(|it| rules().contains(&it.id))
        .map(|it| it.fix.clone())
        .collect();
    for rule in rules() {
        for path in files(&fixtures().join(&rule).join("fires")) {
            fixes.extend(lint(&path).1.into_iter().map(|it| it.fix));
        }
    }
    fixes.retain(|it| is_drop_in(it));
    assert!(fixes.len() > 8, "{fixes:#?}");
    for fix in fixes {
        let folder = tempfile::tempdir().unwrap();
        let unit = folder.path().join("probe.service");
        let text = "[Unit]\nDescription=Probe\n[Service]\nExecStart=/bin/true\n";
        fs::write(&unit, format!("{text}{fix}\n")).unwrap();
        let judged = Command::new("systemd-analyze")
            .args(["verify", "--man=no", "--recursive-errors=no"])
            .arg(&unit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&judged.stderr);
        let of_this: Vec<_> = said
            .lines()
            .filter(|it| it.contains("probe.service"))
            .collect();
        assert!(
            of_this.is_empty() && judged.status.success(),
            "{fix}\n{said}"
        );
    }
}
