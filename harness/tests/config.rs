//! Where options come from: defaults, profiles, `crashpoint.toml`, the command line.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Stdio;

use serde_json::Value;
use support::{Place, case, eventually, records};

const FILE: &str = r#"
[run]
profile = "short"
max-new-tokens = 3
out = "kept"
images = ["a.png", "b.png"]

[profile.short]
about = "quick"
max-new-tokens = 2
temperature = 0.5
seed = 7
"#;

/// What `crashpoint config` says, started in a folder of the place.
fn shown(place: &Place, folder: &str, arguments: &[&str]) -> Value {
    let words: Vec<&str> = ["config", "--json"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    std::fs::create_dir_all(place.path(folder)).unwrap();
    let child = place
        .command(&words)
        .current_dir(place.path(folder))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::from_str(&place.ran(child).exits(0).stdout).unwrap()
}

/// Value and origin of one option.
#[track_caller]
fn option<'a>(shown: &'a Value, name: &str) -> (Option<&'a str>, &'a str) {
    let options = shown["options"].as_array().unwrap();
    let found = options.iter().find(|it| it["option"] == name).unwrap();
    (found["value"].as_str(), found["from"].as_str().unwrap())
}

#[test]
fn each_layer_gives_way_to_the_one_above_it() {
    let place = Place::new();
    let file = place.write("crashpoint.toml", FILE);
    let shown = shown(&place, "deep/er", &["--seed", "9"]);
    let file = file.canonicalize().unwrap().display().to_string();
    assert_eq!(shown["file"], file.as_str());
    assert_eq!(shown["profile"], "short");
    let tokens = option(&shown, "max-new-tokens");
    assert_eq!(tokens, (Some("3"), format!("{file}:4").as_str()));
    let temperature = option(&shown, "temperature");
    let from = format!("profile short ({file}:11)");
    assert_eq!(temperature, (Some("0.5"), from.as_str()));
    assert_eq!(option(&shown, "seed"), (Some("9"), "command line"));
    assert_eq!(option(&shown, "model"), (Some("tiny"), "default"));
    assert_eq!(option(&shown, "dtype").0, None);
    // Wherever it is started, a path is one from the file's own folder.
    let folder = place.folder.path().canonicalize().unwrap();
    let images = format!("{0}/a.png {0}/b.png", folder.display());
    assert_eq!(option(&shown, "images").0, Some(images.as_str()));
}

#[test]
fn a_profile_is_chosen_by_name_and_the_file_can_be_left_out() {
    let place = Place::new();
    place.write("crashpoint.toml", FILE);
    let shipped = shown(&place, ".", &["--config", "none", "--profile", "incident"]);
    assert_eq!(shipped["file"], Value::Null);
    let top_p = option(&shipped, "top-p");
    assert_eq!(top_p, (Some("0.9"), "profile incident (shipped)"));
    let other = place.write("other.toml", "[profile.incident]\nseed = 5\n");
    let replaced = ["--config", "other.toml", "--profile", "incident"];
    let replaced = shown(&place, ".", &replaced);
    assert_eq!(option(&replaced, "top-p").0, None);
    assert_eq!(option(&replaced, "seed").0, Some("5"));
    assert_eq!(replaced["file"], other.to_str().unwrap());
    place
        .crashpoint(&["config", "--profile", "incidnt"])
        .exits(2)
        .says(
            "there is no profile \"incidnt\"; did you mean incident?; there are: incident, short",
        );
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_place() {
    for (text, told) in [
        (
            "[run]\ntemprature = 1\n",
            "crashpoint.toml:2: run.temprature: there is no such option; did you mean temperature?",
        ),
        (
            "[run]\nmax_new_tokens = 1\n",
            "crashpoint.toml:2: run.max_new_tokens: there is no such option; did you mean max-new-tokens?",
        ),
        (
            "[profile.p]\nseed = 1\ntemperature = 1000\n",
            "crashpoint.toml:3: profile.p.temperature: invalid value '1000' for '--temperature <T>': it must be from 0 to 100",
        ),
        (
            "[run]\ndtype = \"int8\"\n",
            "crashpoint.toml:2: run.dtype: invalid value 'int8' for '--dtype <DTYPE>' [possible values: f32, f16, bf16]",
        ),
        (
            "[run]\nkeep-going = \"yes\"\n",
            "crashpoint.toml:2: run.keep-going: it must be true or false",
        ),
        (
            "[run]\nseed = [1]\n",
            "crashpoint.toml:2: run.seed: it must be one value",
        ),
        (
            "[run]\nauto-resume = true\n",
            "crashpoint.toml:2: run.auto-resume: --auto-resume can be said on the command line alone",
        ),
        (
            "[profle.p]\n",
            "crashpoint.toml:1: profle: there is no such table; did you mean profile?",
        ),
        ("[run\n", "crashpoint.toml:1: "),
        (
            "[run]\nno-budget = true\nmemory-cap = \"1GB\"\n",
            "the argument '--memory-cap <SIZE>' cannot be used with '--no-budget'",
        ),
    ] {
        let place = Place::new();
        place.write("crashpoint.toml", text);
        place.crashpoint(&["run", "single"]).exits(2).says(told);
    }
    let place = Place::new();
    place
        .crashpoint(&["run", "--config", "missing.toml"])
        .exits(2)
        .says("failed to read missing.toml");
    place
        .crashpoint(&["run", "--top-p", "0.5"])
        .exits(2)
        .says("it needs --temperature");
}

#[test]
fn what_is_said_takes_the_place_of_what_excludes_it() {
    let place = Place::new();
    place.write("crashpoint.toml", "[run]\nno-budget = true\n");
    let shown = shown(&place, ".", &["--memory-cap", "1GB"]);
    assert_eq!(option(&shown, "no-budget"), (Some("false"), "default"));
}

#[test]
fn a_run_records_what_it_was_not_told_itself() {
    let place = Place::new();
    let text = "[run]\nmax-new-tokens = 2\n[profile.mine]\nseed = 7\n";
    place.write("crashpoint.toml", text);
    let report = place
        .crashpoint(&["run", "single", "--profile", "mine"])
        .exits(0)
        .report();
    let settings = &report["run"]["settings"];
    assert_eq!(settings["max_new_tokens"], 2);
    assert_eq!(settings["seed"], 7);
    assert_eq!(settings["profile"], "mine");
    let configured = report["run"]["configured"].as_array().unwrap();
    let options: Vec<&str> = configured
        .iter()
        .map(|it| it["option"].as_str().unwrap())
        .collect();
    assert_eq!(options, ["seed", "max-new-tokens"]);
    // And to do it again takes no file.
    let again = case(&report, "single")["attempts"][0]["again"].to_string();
    for word in ["\"--config\",\"none\"", "\"--seed\",\"7\""] {
        assert!(again.contains(word), "{again}");
    }
}

#[test]
fn a_run_goes_on_as_it_began_whatever_the_file_says_by_now() {
    let place = Place::new();
    place.write("crashpoint.toml", "[run]\nmax-new-tokens = 2\n");
    let words = ["run", "each-alone", "--inject", "hang@image=2,phase=vision"];
    let mut child = place
        .command(&words)
        .arg("--no-triage")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the second image", || {
        let at = |record: &Value| record["event"]["marker"]["image"]["index"] == 2;
        records(&place).iter().any(at).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    place.write("crashpoint.toml", "[run]\nmax-new-tokens = 3\n");
    let report = place.crashpoint(&["resume"]).report();
    assert_eq!(report["journal"]["complete"], true);
    assert_eq!(report["run"]["settings"]["max_new_tokens"], 2);
}
