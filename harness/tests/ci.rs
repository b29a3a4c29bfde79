//! The action for GitHub, step by step as its runner would take them, and what docs/ci.md promises.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use support::{Place, Ran};
use yaml_rust2::{Yaml, YamlLoader};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn action() -> Yaml {
    let text = std::fs::read_to_string(root().join("action.yml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// What the action would be given for an input.
fn input(action: &Yaml, given: &[(&str, &str)], name: &str) -> String {
    match given.iter().find(|(key, _)| *key == name) {
        Some((_, value)) => (*value).to_owned(),
        None => action["inputs"][name]["default"]
            .as_str()
            .unwrap()
            .to_owned(),
    }
}

/// Runs one step of the action by its id.
fn step(place: &Place, id: &str, given: &[(&str, &str)]) -> Ran {
    let action = action();
    let steps = action["runs"]["steps"].as_vec().unwrap();
    let step = steps
        .iter()
        .find(|step| step["id"].as_str() == Some(id))
        .unwrap();
    let script = place.write(&format!("{id}.sh"), step["run"].as_str().unwrap());
    let mut command = Command::new("bash");
    // As the runner does for `shell: bash`.
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail"])
        .arg(script);
    let like_ours = place.command(&[]);
    command.current_dir(place.folder.path());
    command.envs(
        like_ours
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.env("GITHUB_OUTPUT", place.path("output"));
    command.env("GITHUB_STEP_SUMMARY", place.path("summary"));
    for (name, value) in step["env"].as_hash().unwrap() {
        let value = value.as_str().unwrap();
        let of = value
            .strip_prefix("${{ inputs.")
            .and_then(|it| it.strip_suffix(" }}"));
        let value = input(&action, given, of.unwrap());
        command.env(name.as_str().unwrap(), value);
    }
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    place.ran(child.spawn().unwrap())
}

fn written(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap_or_default()
}

const CRASHPOINT: (&str, &str) = ("crashpoint", env!("CARGO_BIN_EXE_crashpoint"));

#[test]
fn the_steps_of_the_action_run_gate_and_sum_up() {
    let place = Place::new();
    let given = [
        CRASHPOINT,
        ("run", "single --cycles 2"),
        ("gate", "--max-crash-rate 90%"),
    ];
    step(&place, "run", &given).exits(0);
    step(&place, "gate", &given).exits(0);
    let output = written(&place, "output");
    assert!(
        output.contains("report=crashpoint-runs/latest/report.json\n"),
        "{output}"
    );
    assert!(output.contains("verdict=pass\n"), "{output}");
    let summary = written(&place, "summary");
    assert!(summary.contains("| ✓ | crash-rate | pass |"), "{summary}");
}

#[test]
fn a_crash_fails_the_job_by_the_gate_and_not_by_the_run() {
    let place = Place::new();
    let crash = "single --no-triage --inject segfault@phase=decode";
    let given = [CRASHPOINT, ("run", crash)];
    step(&place, "run", &given).exits(0);
    let gated = step(&place, "gate", &given).exits(11);
    assert!(
        gated
            .stdout
            .contains("::error title=crashpoint::the gate says regression"),
        "{}",
        gated.stdout
    );
    assert!(written(&place, "output").contains("verdict=regression\n"));
}

#[test]
fn what_cannot_be_told_warns_or_fails_as_asked() {
    let place = Place::new();
    let given = [
        CRASHPOINT,
        ("run", "single"),
        ("gate", "--max-crash-rate 1%"),
    ];
    step(&place, "run", &given).exits(0);
    let warned = step(&place, "gate", &given).exits(0);
    assert!(warned.stdout.contains("::warning"), "{}", warned.stdout);
    let strict = [&given[..], &[("inconclusive", "fail")]].concat();
    step(&place, "gate", &strict).exits(12);
    assert!(written(&place, "output").ends_with("verdict=inconclusive\n"));
}

#[test]
fn a_run_that_could_not_be_made_fails_at_once() {
    let place = Place::new();
    let failed = step(&place, "run", &[CRASHPOINT, ("run", "sixth")]).exits(2);
    assert!(failed.stdout.contains("::error"), "{}", failed.stdout);
}

#[test]
fn no_input_is_written_into_a_script() {
    for step in action()["runs"]["steps"].as_vec().unwrap() {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(
            !script.contains("${{"),
            "an input would be run as a command:\n{script}"
        );
    }
}

#[test]
fn the_workflows_of_the_manual_are_whole() {
    let page = std::fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 2);
    let github = YamlLoader::load_from_str(blocks[0]).unwrap().remove(0);
    let with = &github["jobs"]["gate"]["steps"][1]["with"];
    for (name, _) in with.as_hash().unwrap() {
        assert!(
            !action()["inputs"][name.as_str().unwrap()].is_badvalue(),
            "{name:?}"
        );
    }
    let gitlab = YamlLoader::load_from_str(blocks[1]).unwrap().remove(0);
    assert_eq!(
        gitlab["gpu"]["allow_failure"]["exit_codes"].as_i64(),
        Some(12)
    );
    // Every command line in them is one that crashpoint takes.
    for line in blocks.iter().flat_map(|block| block.lines()) {
        let Some((_, words)) = line.split_once("crashpoint ") else {
            continue;
        };
        let words: Vec<&str> = words
            .split_whitespace()
            .take_while(|it| *it != "||")
            .collect();
        if matches!(words.first(), Some(&"run" | &"gate")) {
            let clean: Vec<String> = words.iter().map(|it| it.replace('"', "")).collect();
            let parsed = <crashpoint::cli::Cli as clap::Parser>::try_parse_from(
                [vec!["crashpoint".to_owned()], clean].concat(),
            );
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}
