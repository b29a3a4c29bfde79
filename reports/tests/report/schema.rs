//! The committed schemas are the current ones.

use std::fs;
use std::path::Path;

use crashpoint_reports::schema::{ALL, schema};

#[test]
fn the_committed_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    for document in ALL {
        let committed = fs::read_to_string(folder.join(document.file)).unwrap();
        assert!(
            committed == (document.text)(),
            "{}: run `cargo xtask schema`, and look at the difference",
            document.file
        );
    }
}

#[test]
fn it_requires_the_parts_that_other_programs_rely_on() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let required = schema["required"].as_array().unwrap();
    for part in [
        "schema",
        "run",
        "summary",
        "cases",
        "crash_points",
        "differential",
        "journal",
    ] {
        assert!(required.contains(&part.into()), "{part}");
    }
}
