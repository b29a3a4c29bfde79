//! `crashpoint lint`: what it reads, what it prints, and how it exits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::{Place, Ran};

const WRONG: &str = "import torch\nfrom transformers import AutoModel\n\nmodel = AutoModel.from_pretrained('./model', torch_dtype=torch.int8)\n";
const DOUBTFUL: &str = "from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained('./model', trust_remote_code=True)\n";

trait Shows {
    /// On standard output.
    fn shows(self, part: &str) -> Self;
}

impl Shows for Ran {
    #[track_caller]
    fn shows(self, part: &str) -> Ran {
        assert!(self.stdout.contains(part), "{part:?}: {}", self.stdout);
        self
    }
}

#[test]
fn an_error_exits_with_10_and_a_note_with_0() {
    let place = Place::new();
    place.write("app/wrong.py", WRONG);
    place.write("app/doubtful.py", DOUBTFUL);
    place
        .crashpoint(&["lint", "app"])
        .exits(10)
        .shows("app/wrong.py:4: error[integer-dtype]: ")
        .shows("BitsAndBytesConfig(load_in_8bit=True)")
        .shows("1 error, 1 note in 2 files");
    place
        .crashpoint(&["lint", "app/doubtful.py"])
        .exits(0)
        .shows("1 note in 1 file");
    place
        .crashpoint(&["lint", "app", "--disable", "integer-dtype"])
        .exits(0);
}

#[test]
fn what_is_meant_is_ignored() {
    let place = Place::new();
    let meant = WRONG.replace("\nmodel", "\n# crashpoint: ignore[integer-dtype]\nmodel");
    place.write("meant.py", meant);
    place
        .crashpoint(&["lint", "."])
        .exits(0)
        .shows("nothing found");
}

#[test]
fn programs_read_json_and_sarif() {
    let place = Place::new();
    place.write("wrong.py", WRONG);
    let json = place.crashpoint(&["lint", "--json", "."]).exits(10);
    let lint: Value = serde_json::from_str(&json.stdout).unwrap();
    let schema = include_str!("../../reports/schema/lint-1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::is_valid(&schema, &lint), "{lint}");
    assert_eq!(lint["schema"], "crashpoint.lint/1");
    assert_eq!(lint["findings"][0]["line"], 4);
    let sarif = place
        .crashpoint(&["lint", "--format", "sarif", "."])
        .exits(10);
    let sarif: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "integer-dtype");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "wrong.py"
    );
}

#[test]
fn the_file_of_options_has_its_say() {
    let place = Place::new();
    place.write("old/wrong.py", WRONG);
    place.write("doubtful.py", DOUBTFUL);
    place.write(
        "crashpoint.toml",
        "[lint]\nexclude = ['old/**']\n[lint.severity]\ntrust-remote-code = 'warning'\n",
    );
    place
        .crashpoint(&["lint", "."])
        .exits(10)
        .shows("doubtful.py:3: warning[trust-remote-code]")
        .shows("1 warning in 1 file");
    place.write("crashpoint.toml", "[lint]\ndisable = ['integer-dtipe']\n");
    let unknown = place.crashpoint(&["lint", "."]).exits(2);
    assert!(
        unknown.stderr.contains("did you mean integer-dtype?"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn what_cannot_be_read_is_said_in_one_sentence() {
    let place = Place::new();
    place.write("notes.txt", "x");
    for (file, told) in [
        ("gone.py", "failed to read gone.py: "),
        (
            "notes.txt",
            "failed to read notes.txt: it is no kind of file that is read",
        ),
    ] {
        let ran = place.crashpoint(&["lint", file]).exits(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn every_rule_is_listed_and_explained() {
    let place = Place::new();
    place
        .crashpoint(&["lint", "--rules"])
        .exits(0)
        .shows("integer-dtype");
    for words in [&["lint", "--explain"][..], &["explain"][..]] {
        let words = [words, &["integer-dtype"]].concat();
        place
            .crashpoint(&words)
            .exits(0)
            .shows("sources")
            .shows("modeling_utils.py");
    }
    place.crashpoint(&["lint", "--explain", "no-rule"]).exits(2);
}
