//! A program that prints the worst it can, and dies: every form of the report shows it as text.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::Command;

use support::Place;

/// Markup, commands for a terminal, every byte there is, and a line of a megabyte.
const WORST: &str = r#"
import os, sys
err = sys.stderr.buffer
err.write(b"<script>alert(1)</script></pre></details>]]><img src=x onerror=alert(1)>\n")
err.write(b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m\r\n")
err.write(bytes(range(256)) + b"\n")
err.write(b"\xff\xfe\xed\xa0\x80\xc0\xaf \xe2\x80\xae turned\n")
err.write(b"W" * (1 << 20) + b"\n")
err.write(b"<script>alert(2)</script> `x` | # h ::error title=x::y\n")
err.flush()
os.kill(os.getpid(), 11)
"#;

fn hostile() -> (Place, support::Ran) {
    let place = Place::new();
    place.write("worst.py", WORST);
    let ran = place
        .crashpoint(&["exec", "--junit", "out.xml", "--", "python3", "worst.py"])
        .exits(10);
    (place, ran)
}

#[test]
fn nothing_that_a_dying_program_prints_is_obeyed_in_any_form() {
    let (place, ran) = hostile();
    let folder = ran.latest();
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is not UTF-8"))
    };
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        let text = read(name);
        assert!(!text.contains(obeyed), "{name}");
        assert!(text.len() < 2_000_000, "{name}: {} bytes", text.len());
        assert!(text.contains("alert(2)"), "{name} shows it");
    }
    let page = read("report.html");
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert!(!page.contains("<img"));
    assert!(!read("junit.xml").contains("<script"));
    assert!(!ran.stdout.contains(obeyed), "{}", ran.stdout);
    let summary = place.crashpoint(&["report", "--format", "text"]).exits(0);
    assert!(!summary.stdout.contains(obeyed), "{}", summary.stdout);
}

#[test]
fn its_junit_file_is_well_formed_and_lies_where_it_is_wanted_too() {
    let (place, ran) = hostile();
    let wanted = place.path("out.xml");
    assert_eq!(
        std::fs::read(&wanted).unwrap(),
        std::fs::read(ran.latest().join("junit.xml")).unwrap()
    );
    let checked = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../reports/tests/report/junit.xsd"
        ))
        .arg(&wanted)
        .output()
        .unwrap_or_else(|error| {
            panic!("xmllint is needed ({error}): apt-get install libxml2-utils")
        });
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
