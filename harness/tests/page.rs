//! What a worker did last inside a phase, from the page that outlives it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::Value;
use support::{Place, Ran, attempts, case};

/// Runs a program that has `words`, the page's, and `os`, at hand.
fn python(place: &Place, body: &str) -> Ran {
    let script = format!(
        "import mmap, os, signal, struct\n\
         words = memoryview(mmap.mmap(int(os.environ['CRASHPOINT_PAGE']), 4096)).cast('Q')\n\
         {body}\n"
    );
    place.write("page.py", script);
    place
        .crashpoint(&["exec", "--", "python3", "page.py"])
        .exits(10)
}

fn point(ran: &Ran) -> Value {
    attempts(&ran.report())[0]["crash_point"].clone()
}

fn events<'a>(records: &'a [Value], name: &str) -> Vec<&'a Value> {
    let events = records.iter().map(|record| &record["event"][name]);
    events.filter(|event| !event.is_null()).collect()
}

#[test]
fn a_killed_worker_has_said_its_last_token_without_a_message() {
    let place = Place::new();
    let inject = "kill-self@image=5,phase=decode,token=7";
    let ran = place
        .crashpoint(&["run", "fifth", "--inject", inject, "--no-triage"])
        .exits(10);
    let report = ran.report();
    let point = &case(&report, "fifth")["attempts"][0]["crash_point"];
    assert_eq!(
        (&point["image"], &point["phase"], &point["token"]),
        (&5.into(), &"decode".into(), &7.into())
    );
    assert_eq!(point["layer"], Value::Null, "nobody has said one");
    // Only a page says of which phase it speaks.
    let records = support::records(&place);
    let last = *events(&records, "progress").last().unwrap();
    let marker = *events(&records, "marker").last().unwrap();
    assert_eq!(last["marker"], marker["id"]);
    assert_eq!(last["token"], 7);
}

#[test]
fn what_was_said_of_the_image_before_is_not_said_of_this_one() {
    let place = Place::new();
    // The fault strikes at the beginning of the phase, of which nothing was said yet.
    let inject = "kill-self@image=2,phase=vision";
    let ran = place
        .crashpoint(&["run", "fifth", "--inject", inject, "--no-triage"])
        .exits(10);
    let report = ran.report();
    let point = &case(&report, "fifth")["attempts"][0]["crash_point"];
    assert_eq!(point["phase"], "vision");
    assert_eq!(
        (&point["token"], &point["step"]),
        (&Value::Null, &Value::Null),
        "what the page held of the first image is not of this one"
    );
}

#[test]
fn a_foreign_program_tells_token_layer_and_memory_and_dies() {
    let place = Place::new();
    let ran = python(
        &place,
        "name = memoryview(b'attention'.ljust(32, b'\\0')).cast('Q')\n\
         for at, word in enumerate([0, 41, 17, 6_850_000_000, *name]):\n\
         \x20   words[16 + at] = word\n\
         words[2] = 1\n\
         os.kill(os.getpid(), signal.SIGKILL)",
    );
    let point = point(&ran);
    assert_eq!(point["token"], 41);
    assert_eq!(point["layer"], 17);
    assert_eq!(point["step"], "attention");
    assert_eq!(point["allocated_bytes"], 6_850_000_000_u64);
    let told = "exec, phase run, after 41 tokens, layer 17, step attention";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let markdown = std::fs::read_to_string(ran.latest().join("report.md")).unwrap();
    assert!(markdown.contains("layer 17"), "{markdown}");
    assert!(markdown.contains("6.38 GiB in use"), "{markdown}");
}

#[test]
fn a_statement_that_is_not_complete_is_not_told() {
    let place = Place::new();
    let ran = python(
        &place,
        "words[17], words[18] = 41, 17\n\
         words[2] = 1\n\
         words[9] = 42\n\
         os.kill(os.getpid(), signal.SIGKILL)",
    );
    let point = point(&ran);
    assert_eq!((&point["token"], &point["layer"]), (&41.into(), &17.into()));
}

#[test]
fn what_was_said_of_another_phase_is_not_said_of_this_one() {
    let place = Place::new();
    let ran = python(
        &place,
        "words[16], words[17] = 99, 41\n\
         words[2] = 1\n\
         os.kill(os.getpid(), signal.SIGKILL)",
    );
    assert_eq!(point(&ran)["token"], Value::Null);
}

#[test]
fn garbage_harms_nobody_and_is_not_believed() {
    let place = Place::new();
    let ran = python(
        &place,
        "for at in range(3, 512): words[at] = 2**64 - 1\n\
         words[8] = words[16] = 0\n\
         words[2] = 2**64 - 1\n\
         os.abort()",
    );
    let told = point(&ran);
    assert_eq!(
        (
            &told["token"],
            &told["layer"],
            &told["allocated_bytes"],
            &told["step"]
        ),
        (&Value::Null, &Value::Null, &Value::Null, &Value::Null)
    );
    let ran = python(
        &place,
        "for at in range(512): words[at] = 7\n\
         os.abort()",
    );
    assert_eq!(point(&ran)["token"], Value::Null);
    let report = ran.report();
    let violations = &attempts(&report)[0]["violations"];
    assert!(
        violations[0].as_str().unwrap().contains("page"),
        "{violations}"
    );
}

#[test]
fn the_python_example_makes_its_statements() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/page.py");
    let place = Place::new();
    place
        .crashpoint(&["exec", "--", "python3", example])
        .exits(0);
    let records = support::records(&place);
    let last = *events(&records, "progress").last().unwrap();
    assert_eq!((&last["token"], &last["layer"]), (&7.into(), &32.into()));
    // And alone it needs no crashpoint.
    let alone = std::process::Command::new("python3").arg(example).output();
    assert!(alone.unwrap().status.success());
}
