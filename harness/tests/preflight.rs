//! What is known to go wrong is said before anything is tried, and stays with the run.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::Place;

#[test]
fn a_mistake_in_the_models_folder_is_told_before_it_is_loaded() {
    for (model, rule, class) in [
        ("tiny:integer-dtype", "model-integer-dtype", "config_dtype"),
        ("tiny:flat-prompt", "model-template", "config_prompt"),
    ] {
        let place = Place::new();
        let ran = place.crashpoint(&["run", "single", "--no-triage", "--model", model]);
        let ran = ran.says(&format!("(crashpoint explain {rule})")).exits(10);
        let report = ran.report();
        let told = report["preflight"].as_array().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["rule"], rule);
        // The loader comes to the same.
        let attempt = &report["cases"][0]["attempts"][0];
        assert_eq!(attempt["verdict"]["class"], class);
        let mut suspects = report["differential"].as_array().unwrap().iter();
        let configuration = suspects.find(|it| it["suspect"] == "configuration");
        let configuration = configuration.unwrap();
        assert_eq!(configuration["finding"], "supported");
        assert_eq!(configuration["numbers"]["preflight"], rule);
        place.crashpoint(&["explain", rule]).exits(0);
    }
}

#[test]
fn nothing_is_said_of_a_sound_one() {
    let place = Place::new();
    let report = place.crashpoint(&["run", "single"]).exits(0).report();
    assert!(report["preflight"].is_null(), "{}", report["preflight"]);
}
