//! Two real runs side by side, in every format.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::Place;

/// The fifth image dies, and then it does not: the incident's table in small.
fn fixed(place: &Place) {
    let crash = ["--inject", "segfault@image=5,phase=decode"];
    let run = |out: &str, more: &[&str]| {
        let words = [
            "run",
            "fifth",
            "--cycles",
            "3",
            "--keep-going",
            "--no-triage",
            "-q",
            "--out",
            out,
        ];
        place.crashpoint(&[&words[..], more].concat())
    };
    run("before", &[&crash[..], &["--max-new-tokens", "8"]].concat()).exits(10);
    run("after", &["--max-new-tokens", "9"]).exits(0);
}

#[test]
fn a_fix_is_shown_with_its_rates_and_what_else_differs() {
    let place = Place::new();
    fixed(&place);
    let compare = |format: &str| {
        let words = [
            "compare",
            "before/latest",
            "after/latest",
            "--format",
            format,
        ];
        place.crashpoint(&words).exits(0).stdout
    };
    let json: Value = serde_json::from_str(&compare("json")).unwrap();
    let rates = &json["crash_rate"];
    assert_eq!(
        (&rates["before"]["events"], &rates["before"]["n"]),
        (&3.into(), &3.into())
    );
    assert_eq!(
        (&rates["after"]["events"], &rates["after"]["n"]),
        (&0.into(), &3.into())
    );
    // Of 3 and 3: one table of twenty, and the one that is as extreme.
    assert!(
        (rates["p_value"].as_f64().unwrap() - 0.1).abs() < 1e-9,
        "{rates}"
    );
    let fields: Vec<&str> = json["configuration"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["command line", "inject", "max_new_tokens"]);
    assert_eq!(json["environment"], Value::Array(Vec::new()), "{json:#}");
    assert_eq!(json["crashes"][0]["before"], 3);
    assert_eq!(json["crashes"][0]["after"], 0);

    for format in ["text", "md", "html"] {
        let page = compare(format);
        for part in [
            "3 of 3",
            "0 of 3",
            "29.2%",
            "63.2%",
            "0.1000",
            "so few attempts",
        ] {
            assert!(page.contains(part), "{part} is not in {format}:\n{page}");
        }
        assert!(!page.contains('\x1b'));
    }
}

#[test]
fn nothing_in_a_report_becomes_part_of_the_page() {
    let place = Place::new();
    place
        .crashpoint(&["run", "single", "-q", "--out", "runs"])
        .exits(0);
    let text = std::fs::read_to_string(place.path("runs/latest/report.json")).unwrap();
    let mut report: Value = serde_json::from_str(&text).unwrap();
    report["run"]["id"] = "<script>alert(1)</script>|\x1b[2J".into();
    report["run"]["settings"]["question"] = "\"><img src=x onerror=alert(1)>".into();
    place.write("hostile.json", report.to_string());
    for format in ["text", "md", "html"] {
        let words = ["compare", "hostile.json", "runs/latest", "--format", format];
        let page = place.crashpoint(&words).exits(0).stdout;
        assert!(!page.contains('\x1b'), "{format}");
        // Markdown takes a letter after a backslash as it is.
        let obeyed = page.replace("\\<", "");
        for tag in ["<script>", "<img"] {
            assert!(
                format == "text" || !obeyed.contains(tag),
                "{format}:\n{page}"
            );
        }
    }
}
