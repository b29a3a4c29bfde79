//! Every class, Xid, signal and exit code can be asked for; what is not there is told with the nearest.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use crashpoint_reports::{Class, knowledge};
use serde_json::Value;
use support::Place;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let all = [&["explain", "--json"], arguments].concat();
    serde_json::from_str(&place.crashpoint(&all).exits(0).stdout).unwrap()
}

#[test]
fn the_list_names_every_class_and_fits_a_terminal() {
    let place = Place::new();
    let list = place.crashpoint(&["explain"]).exits(0).stdout;
    for class in Class::ALL {
        let named = list
            .lines()
            .any(|line| line.split_whitespace().next() == Some(&class.to_string()));
        assert!(named, "{class} is not in:\n{list}");
    }
    assert!(
        list.lines().all(|line| line.chars().count() <= 80),
        "{list}"
    );
    assert!(!list.contains('\x1b'), "no colours into a pipe");
    let classes = json(&place, &[]);
    assert_eq!(classes["schema"], "crashpoint.explanation/1");
    assert_eq!(
        classes["explained"].as_array().unwrap().len(),
        Class::ALL.len()
    );
}

#[test]
fn a_class_comes_with_what_to_do_and_where_it_is_known_from() {
    let place = Place::new();
    let text = place
        .crashpoint(&["explain", "gpu_fell_off_bus"])
        .exits(0)
        .stdout;
    for label in ["certain", "told from", "to do", "look at", "sources"] {
        assert!(text.lines().any(|line| line.starts_with(label)), "{text}");
    }
    let class = json(&place, &["gpu_fell_off_bus"]);
    assert_eq!(class["explained"][0]["kind"], "class");
    assert_eq!(
        class["explained"][0]["action"],
        knowledge::action(Class::GpuFellOffBus)
    );
    assert!(
        class["explained"][0]["xids"]
            .as_array()
            .unwrap()
            .contains(&79.into())
    );
}

#[test]
fn an_xid_is_found_however_it_is_written() {
    let place = Place::new();
    for words in [&["79"][..], &["xid:79"], &["Xid 79"], &["Xid", "79"]] {
        let xid = json(&place, words);
        assert_eq!(xid["explained"][0]["kind"], "xid", "{words:?}");
        assert_eq!(xid["explained"][0]["class"], "gpu_fell_off_bus");
    }
}

#[test]
fn exit_code_137_is_a_signal_and_not_a_proof() {
    let place = Place::new();
    let text = place.crashpoint(&["explain", "137"]).exits(0).stdout;
    assert!(
        text.contains("SIGKILL") && text.contains("not proof"),
        "{text}"
    );
    assert!(
        text.contains("Xid 137"),
        "the same number is an Xid as well: {text}"
    );
    let minus = json(&place, &["-9"]);
    assert_eq!(minus["explained"][0]["name"], "SIGKILL");
}

#[test]
fn what_is_misspelt_gets_the_nearest_name() {
    let place = Place::new();
    place
        .crashpoint(&["explain", "gpu_omm"])
        .exits(2)
        .says("gpu_oom");
    place
        .crashpoint(&["explain", "SIGSEGW"])
        .exits(2)
        .says("SIGSEGV");
    place
        .crashpoint(&["explain", "xid", "5"])
        .exits(2)
        .says("Xid 5");
    place
        .crashpoint(&["explain", "--jsno"])
        .exits(2)
        .says("--jsno");
}
