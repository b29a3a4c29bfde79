//! The figures of several real runs over time, and as Prometheus reads them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use support::{Place, exists};

fn runs(place: &Place) {
    place.crashpoint(&["run", "single", "-q"]).exits(0);
    place
        .crashpoint(&[
            "run",
            "fifth",
            "-q",
            "--no-triage",
            "--inject",
            "abort@image=2",
        ])
        .exits(10);
    place.crashpoint(&["run", "repeat", "-q"]).exits(0);
}

#[test]
fn every_run_is_a_line_in_the_order_of_their_beginning() {
    let place = Place::new();
    runs(&place);
    let table = place.crashpoint(&["history"]).exits(0).stdout;
    let crashed: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(crashed, ["0/1", "1/1", "0/1"], "{table}");
    let json = place.crashpoint(&["history", "--json"]).exits(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 3);
    assert!(json["runs"][2]["image_seconds_median"].as_f64().unwrap() > 0.0);
    let page = place
        .crashpoint(&["history", "--format", "html"])
        .exits(0)
        .stdout;
    assert!(
        page.contains("<svg") && page.contains("<polyline"),
        "{page}"
    );
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}

#[test]
fn the_newest_run_is_written_as_node_exporter_reads_it() {
    let place = Place::new();
    runs(&place);
    place
        .crashpoint(&["history", "--prometheus", "out.prom"])
        .exits(0);
    let path = place.path("out.prom");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    assert!(!exists(&place.path(".out.prom.partial")));
    let text = std::fs::read_to_string(path).unwrap();
    let mut described = None;
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["#", "HELP", name, _, ..] => described = Some((*name).to_owned()),
            ["#", "TYPE", name, "gauge"] => assert_eq!(described.as_deref(), Some(*name)),
            [name, value] => {
                let name = name.split('{').next().unwrap();
                assert_eq!(described.as_deref(), Some(name), "{line}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
            _ => panic!("{line}"),
        }
    }
    assert!(text.contains("\ncrashpoint_attempts_crashed 0\n"), "{text}");
    assert!(text.contains("\ncrashpoint_run_complete 1\n"), "{text}");
    assert!(text.ends_with('\n'));
}
