//! The committed schema is the current one.

use crashpoint_reports::schema::schema;

#[test]
fn the_committed_schema_is_current() {
    let committed = include_str!("../../schema/report-1.schema.json");
    assert!(
        committed == schema(),
        "run `cargo xtask schema`, and look at the difference"
    );
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
