//! `junit.xml`: the cases as tests, for everything that shows the results of a build.
//!
//! A suite a rung. What was not tried yet is skipped, so that the file is whole at any time of a run;
//! that the run itself came to its end is a test of its own, and an error until it did.

mod element;
mod measurements;
mod outcome;

use quick_xml::Writer;

use super::escape::plain;
use crate::report::{Case, Report};
use element::Element;
use outcome::{Kind, Seen, seen};

/// The suite of the run as a whole.
const RUN: &str = "crashpoint";
/// Foreign text within a line is cut here.
const LONGEST: usize = 1000;

/// Ends in a newline.
pub fn junit(report: &Report) -> String {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to memory does not fail.
    let _ = root(report).write(&mut out);
    xml += &String::from_utf8_lossy(&out.into_inner());
    xml.push('\n');
    xml
}

fn text(foreign: &str) -> String {
    plain(foreign, LONGEST)
}

struct Test {
    name: String,
    seconds: f64,
    seen: Vec<Seen>,
}

struct Suite {
    name: String,
    tests: Vec<Test>,
    properties: Vec<(String, String)>,
}

fn root(report: &Report) -> Element {
    let mut suites = vec![Suite {
        name: RUN.to_owned(),
        tests: vec![run(report)],
        properties: measurements::of_run(report),
    }];
    for (name, cases) in rungs(report) {
        suites.push(Suite {
            name: text(name),
            tests: cases.iter().map(|case| test(case, report)).collect(),
            properties: cases
                .iter()
                .flat_map(|case| measurements::of_case(case))
                .collect(),
        });
    }
    let all = || suites.iter().flat_map(|suite| &suite.tests);
    let mut root = counted(Element::new("testsuites").with("name", RUN), all);
    root = root.with("time", &seconds(report.run.seconds));
    for suite in &suites {
        root.push(element(report, suite));
    }
    root
}

/// The cases of each rung, in their order.
fn rungs(report: &Report) -> Vec<(&str, Vec<&Case>)> {
    let mut rungs: Vec<(&str, Vec<&Case>)> = Vec::new();
    for case in &report.cases {
        match rungs.iter_mut().find(|(name, _)| *name == case.scenario) {
            Some((_, cases)) => cases.push(case),
            None => rungs.push((&case.scenario, vec![case])),
        }
    }
    rungs
}

fn element(report: &Report, suite: &Suite) -> Element {
    let Suite {
        name,
        tests,
        properties,
    } = suite;
    let took: f64 = tests.iter().map(|test| test.seconds).sum();
    let skipped = tests.iter().filter(|test| is(test, Kind::Skipped)).count();
    let mut element = counted(Element::new("testsuite").with("name", name), || {
        tests.iter()
    })
    .with("skipped", &skipped.to_string())
    .with("time", &seconds(took));
    if let Some(started) = &report.run.started {
        element = element.with("timestamp", started);
    }
    if !properties.is_empty() {
        let mut all = Element::new("properties");
        for (name, value) in properties {
            let one = Element::new("property").with("name", &text(name));
            all.push(one.with("value", &text(value)));
        }
        element.push(all);
    }
    for test in tests {
        let mut case = Element::new("testcase")
            .with("name", &test.name)
            .with("classname", name)
            .with("time", &seconds(test.seconds));
        for seen in &test.seen {
            case.push(seen.element());
        }
        element.push(case);
    }
    element
}

fn counted<'a, T: Iterator<Item = &'a Test>>(element: Element, tests: impl Fn() -> T) -> Element {
    let with = |kind: Kind| tests().filter(|test| is(test, kind)).count().to_string();
    element
        .with("tests", &tests().count().to_string())
        .with("failures", &with(Kind::Failure))
        .with("errors", &with(Kind::Error))
}

fn is(test: &Test, kind: Kind) -> bool {
    test.seen.iter().any(|seen| seen.kind == kind)
}

fn test(case: &Case, report: &Report) -> Test {
    let attempts = case.attempts.iter().filter(|attempt| attempt.counts());
    Test {
        name: text(&case.name),
        seconds: attempts.map(|attempt| attempt.seconds).sum(),
        seen: seen(case, report),
    }
}

fn run(report: &Report) -> Test {
    let run = &report.run;
    let unfinished = match run.interrupted_by {
        Some(signal) => Some(format!("signal {signal} interrupted the run")),
        None if !run.complete => Some("the record of the run stops before its end".to_owned()),
        None => None,
    };
    let mut seen: Vec<Seen> = unfinished
        .map(|what| Seen::error("incomplete", &what))
        .into_iter()
        .collect();
    if !run.troubles.is_empty() {
        seen.push(Seen::printed(&run.troubles.join("\n")));
    }
    Test {
        name: "the run came to its end".to_owned(),
        seconds: run.seconds,
        seen,
    }
}

fn seconds(seconds: f64) -> String {
    let sound = if seconds.is_finite() { seconds } else { 0.0 };
    // The sum of nothing is minus zero.
    format!("{:.3}", sound.max(0.0) + 0.0)
}
