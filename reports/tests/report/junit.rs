//! `junit.xml`: valid by the schema that build servers use, whatever happened and at any time of a run.

use std::io::Write;
use std::process::{Command, Stdio};

use crashpoint_reports::event::{AttemptStart, Event, Purpose, Variation};
use crashpoint_reports::{Class, Ending, EndingKind, Report, render};

use crate::journal::{Journal, fold, ladder_with_a_bad_fifth, signal};
use crate::rendering::hostile;

/// As xmllint sees it: its errors, none if it is valid.
#[track_caller]
pub fn invalid(xml: &str) -> String {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/junit.xsd");
    let started = Command::new("xmllint")
        .args(["--noout", "--nonet", "--huge", "--schema", schema, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.unwrap_or_else(|error| {
        panic!("xmllint is needed to check junit.xml ({error}): apt-get install libxml2-utils")
    });
    child
        .stdin
        .take()
        .unwrap()
        .write_all(xml.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => String::new(),
        false => String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[track_caller]
fn valid(report: &Report) -> String {
    let xml = render::junit(report);
    assert_eq!(invalid(&xml), "", "{xml}");
    xml
}

/// The element of this case, as it is written.
#[track_caller]
fn case<'a>(xml: &'a str, name: &str) -> &'a str {
    let from = xml
        .find(&format!("<testcase name=\"{name}\""))
        .unwrap_or_else(|| panic!("no {name} in {xml}"));
    let rest = &xml[from..];
    let tag = &rest[..rest.find('>').unwrap() + 1];
    if tag.ends_with("/>") {
        return tag;
    }
    &rest[..rest.find("</testcase>").unwrap()]
}

/// The same as the death of [`Journal::death`], made because of it.
fn repeat(journal: &mut Journal, number: u32, survives: bool) {
    let at = journal.records.len();
    match survives {
        true => journal.survivor(number, "each-alone/5", &[5]),
        false => journal.death(number, "each-alone/5", &[5]),
    }
    if let Event::AttemptStart(AttemptStart {
        purpose, variation, ..
    }) = &mut journal.records[at].event
    {
        *purpose = Purpose::Repeat;
        *variation = Variation::default();
    }
}

#[test]
fn a_crash_is_a_failure_and_what_was_not_tried_is_skipped() {
    let xml = valid(&ladder_with_a_bad_fifth().report());
    assert!(
        xml.contains("<testsuites name=\"crashpoint\" tests=\"5\" failures=\"1\" errors=\"0\"")
    );
    assert!(case(&xml, "single").ends_with("/>"), "{xml}");
    let died = case(&xml, "each-alone/5");
    assert!(died.contains(
        "<failure message=\"SIGSEGV in each-alone/5, image 5 at position 1, phase decode, after 3 \
         tokens: native_crash (possible)\" type=\"crash\">"
    ), "{died}");
    assert!(died.contains("evidence, ending: SIGSEGV"), "{died}");
    let skipped = case(&xml, "fifth");
    assert!(
        skipped.contains("<skipped message=\"each-alone did not survive\""),
        "{skipped}"
    );
    assert!(
        xml.contains("<property name=\"crash_rate_high\" value=\"0.9"),
        "{xml}"
    );
    assert!(
        xml.contains("<property name=\"single.image_seconds_median\" value=\"0.4\"/>"),
        "{xml}"
    );
}

#[test]
fn each_way_to_end_has_its_kind() {
    for (ending, element, sort) in [
        (Ending::of(EndingKind::Timeout), "failure", "hang"),
        (Ending::of(EndingKind::Budget), "failure", "budget"),
        (Ending::of(EndingKind::Unkillable), "failure", "unkillable"),
        (crate::journal::exit(1), "failure", "failed"),
        (signal(6), "failure", "crash"),
        (Ending::of(EndingKind::Unreported), "error", "incomplete"),
    ] {
        let mut journal = Journal::fifth();
        journal.end(1, ending);
        journal.run_end();
        let xml = valid(&journal.report());
        let told = case(&xml, "fifth");
        assert!(told.contains(&format!("<{element} message=")), "{told}");
        assert!(told.contains(&format!("type=\"{sort}\"")), "{told}");
    }
}

#[test]
fn what_the_environment_lacks_is_an_error() {
    let mut journal = Journal::fifth();
    journal.error(1, Some(Class::ModelFilesBroken), true);
    journal.end(1, crate::journal::exit(3));
    journal.run_end();
    let xml = valid(&journal.report());
    assert!(
        case(&xml, "fifth").contains("type=\"environment\""),
        "{xml}"
    );
    assert!(
        xml.contains("tests=\"2\" failures=\"0\" errors=\"1\""),
        "{xml}"
    );
}

#[test]
fn what_came_sometimes_is_flaky_and_no_success() {
    let mut journal = ladder_with_a_bad_fifth();
    journal.records.pop();
    repeat(&mut journal, 4, true);
    repeat(&mut journal, 5, false);
    journal.run_end();
    let xml = valid(&journal.report());
    let flaky = case(&xml, "each-alone/5");
    assert!(
        flaky.contains("<failure message=\"flaky, 2 of 3 attempts: SIGSEGV"),
        "{flaky}"
    );
    assert_eq!(flaky.matches("<flakyFailure ").count(), 2, "{flaky}");
    assert!(!flaky.contains("rerunFailure"), "{flaky}");
}

#[test]
fn what_came_every_time_is_told_with_its_reruns() {
    let mut journal = ladder_with_a_bad_fifth();
    journal.records.pop();
    repeat(&mut journal, 4, false);
    repeat(&mut journal, 5, false);
    journal.run_end();
    let xml = valid(&journal.report());
    let died = case(&xml, "each-alone/5");
    assert_eq!(died.matches("<rerunFailure ").count(), 2, "{died}");
    assert!(!died.contains("flaky"), "{died}");
}

#[test]
fn changed_output_is_a_failure_without_a_death() {
    let mut journal = Journal::of(&[("long", "long", &[1, 1, 1])]);
    journal.worker(1, "long");
    for position in 1..=3 {
        let mut result = journal.result(1, position);
        if position == 3 {
            result.token_digest = Some("another".into());
        }
        let id = journal.begin(
            1,
            crashpoint_reports::Phase::Decode,
            Journal::at(1, position),
        );
        journal.end_phase(1, id);
        journal.image(1, result);
    }
    journal.leave(1);
    journal.run_end();
    let xml = valid(&journal.report());
    assert!(
        case(&xml, "long").contains("type=\"numerical_corruption\""),
        "{xml}"
    );
}

#[test]
fn it_is_whole_at_any_record_of_a_run() {
    let records = ladder_with_a_bad_fifth().records;
    for end in 0..records.len() {
        let xml = valid(&fold(&records[..end]));
        let run = case(&xml, "the run came to its end");
        assert!(run.contains("<error "), "{end}: {run}");
        if end > 2 {
            assert!(case(&xml, "each-alone/1").len() > 10);
        }
    }
}

#[test]
fn hostile_text_is_text_in_it() {
    let xml = valid(&hostile());
    assert!(!xml.contains("<script"), "{xml}");
    assert!(!xml.contains(|letter: char| letter.is_control() && letter != '\n'));
    let mut journal = Journal::fifth();
    journal.end_with(1, signal(11), |end| {
        let every: String = (0..=0x11_u32)
            .chain([0xfffe, 0xffff, 0x1f600])
            .filter_map(char::from_u32)
            .collect();
        end.stderr.tail = format!("{every} ]]> <![CDATA[ & \u{202e}\n") + &"x".repeat(1 << 20);
    });
    journal.run_end();
    let xml = valid(&journal.report());
    assert!(xml.len() < 100_000, "{} bytes", xml.len());
    assert!(xml.contains("]]&gt; &lt;![CDATA[ &amp;"), "{xml}");
}

/// The check itself: what it must not take.
#[test]
fn the_schema_refuses_what_it_should() {
    for wrong in [
        "<testsuites><testsuite name=\"a\"/></testsuites>",
        "<testsuites><testcase name=\"a\"/></testsuites>",
        "<testsuites time=\"soon\"/>",
        "<testsuites>&#1;</testsuites>",
        "<testsuites",
    ] {
        assert_ne!(invalid(wrong), "", "{wrong}");
    }
}
