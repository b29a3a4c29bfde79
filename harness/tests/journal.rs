//! What a journal promises, kept when the place it is written to fails it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crashpoint::journal::{Config, Journal, JournalError, header, is_locked, read, segments};
use crashpoint_reports::event::{Previous, Progress, Writer};
use crashpoint_reports::{Event, Record, Sample};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Place, Ran, attempts};

const RUN: &str = "2026-11-23T14-02-11Z-3f9a";

fn progress(token: u32) -> Event {
    Event::Progress(Progress::of_tokens(1, token))
}

fn all(folder: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    let reader = read(&segments(folder).unwrap(), |record| records.push(record)).unwrap();
    let state = reader.finish();
    assert!(state.damage.is_empty(), "{:?}", state.damage);
    records
}

fn tokens(records: &[Record]) -> Vec<u32> {
    let token = |record: &Record| match &record.event {
        Event::Progress(progress) => progress.token,
        _ => None,
    };
    records.iter().filter_map(token).collect()
}

#[test]
fn a_long_journal_goes_on_in_further_segments() {
    let place = tempfile::tempdir().unwrap();
    let config = Config {
        segment_bytes: 2000,
        ..Config::default()
    };
    let journal = Journal::create(place.path(), header(RUN, Writer::Run), config).unwrap();
    for token in 0..100 {
        journal.append_durably(progress(token)).unwrap();
    }
    journal.close().unwrap();
    let segments = segments(place.path()).unwrap();
    assert!(segments.len() > 3, "{segments:?}");
    let records = all(place.path());
    assert!(tokens(&records).into_iter().eq(0..100));
    let seqs = records.iter().map(|record| record.seq);
    assert!(seqs.eq(0..records.len() as u64), "there is a gap");
    assert!(!place.path().join(".reserve").exists());
}

#[test]
fn somebody_else_goes_on_after_the_last_whole_record() {
    let place = tempfile::tempdir().unwrap();
    let create = || Journal::create(place.path(), header(RUN, Writer::Run), Config::default());
    let go_on = || Journal::go_on(place.path(), header(RUN, Writer::Resume), Config::default());
    let journal = create().unwrap();
    journal.append_durably(progress(1)).unwrap();
    assert!(is_locked(place.path()));
    assert!(matches!(go_on(), Err(JournalError::Running { .. })));
    journal.close().unwrap();

    // An interrupted write, as a power cut leaves one.
    let first = place.path().join("journal-0001.jsonl");
    let mut torn = fs::OpenOptions::new().append(true).open(&first).unwrap();
    torn.write_all(b"{\"seq\":2,\"mono_us\":12").unwrap();
    let before = fs::read(&first).unwrap();

    let journal = go_on().unwrap();
    journal.append_durably(progress(2)).unwrap();
    journal.close().unwrap();
    assert_eq!(fs::read(&first).unwrap(), before, "it was changed");
    let records = all(place.path());
    assert_eq!(tokens(&records), [1, 2]);
    let headers: Vec<_> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Header(header) => Some((record.seq, header.writer, header.previous.clone())),
            _ => None,
        })
        .collect();
    let previous = Some(Previous {
        segment: "journal-0001.jsonl".to_owned(),
        seq: Some(1),
    });
    assert_eq!(
        headers,
        [(0, Writer::Run, None), (2, Writer::Resume, previous)]
    );
}

#[test]
fn samples_are_written_in_blocks_before_what_came_after_them() {
    let place = tempfile::tempdir().unwrap();
    let journal = Journal::create(place.path(), header(RUN, Writer::Run), Config::default());
    let journal = journal.unwrap();
    for mono_us in 0..50 {
        journal.sample(Sample {
            mono_us,
            ..Sample::default()
        });
    }
    journal.append_durably(progress(1)).unwrap();
    let records = all(place.path());
    let [
        _,
        Record {
            event: Event::SampleBlock(block),
            ..
        },
        last,
    ] = &records[..]
    else {
        panic!("{records:?}");
    };
    assert_eq!((block.len(), &last.event), (50, &progress(1)));
}

/// With files of so many KiB at most, as an ordinary user can have a write fail for real: the
/// kernel then refuses with EFBIG.
fn limited(place: &Place, kib: u32, arguments: &[&str]) -> Ran {
    let bare = place.command(arguments);
    let mut limited = Command::new("bash");
    limited
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\""),
        ])
        .arg(bare.get_program())
        .args(bare.get_args())
        .current_dir(place.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    place.ran(limited.spawn().unwrap())
}

const MANY: [&str; 9] = [
    "exec",
    "--sample-hz",
    "0",
    "--quiet",
    "--triage=on",
    "--attempts",
    "12",
    "--",
    "false",
];

#[test]
fn after_a_failed_write_the_record_goes_on_elsewhere() {
    let place = Place::new();
    let mut arguments = MANY.to_vec();
    arguments.splice(1..1, ["--on-journal-error", "continue"]);
    // The report is larger than the limit too; it can be made later.
    let ran = limited(&place, 16, &arguments)
        .exits(3)
        .says("File too large");
    assert!(
        ran.stderr
            .contains("and the record goes on in journal-0002.jsonl")
    );
    let folder = ran.latest();
    assert!(segments(&folder).unwrap().len() > 1);
    let records = all(&folder);
    let ends = records
        .iter()
        .filter(|record| matches!(record.event, Event::AttemptEnd(_)));
    assert_eq!(ends.count(), 12);
    assert!(matches!(records.last().unwrap().event, Event::RunEnd {}));
    let report = place.crashpoint(&["report", "--format", "json"]).exits(0);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["journal"]["complete"], true);
    let trouble = report["run"]["troubles"][0].as_str().unwrap();
    assert!(trouble.contains("File too large"), "{trouble}");
}

#[test]
fn after_a_failed_write_the_run_ends_with_a_whole_record() {
    let place = Place::new();
    let ran = limited(&place, 16, &MANY).exits(3).says("File too large");
    let records = all(&ran.latest());
    let count = |is: fn(&Event) -> bool| records.iter().filter(|it| is(&it.event)).count();
    let starts = count(|it| matches!(it, Event::AttemptStart(_)));
    let ends = count(|it| matches!(it, Event::AttemptEnd(_)));
    assert!((1..12).contains(&starts), "{starts} attempts");
    assert_eq!(starts, ends, "an attempt has no end");
    assert!(matches!(records.last().unwrap().event, Event::RunEnd {}));
}

struct Mirror {
    child: Child,
    address: String,
}

impl Mirror {
    fn start(place: &Place) -> Mirror {
        let mut child = place
            .command(&["mirror", "--listen", "127.0.0.1:0", "--out", "mirrored"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.split_whitespace().nth(2).unwrap().to_owned();
        Mirror { child, address }
    }

    fn stop(mut self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

fn is_mirrored(protocol: &str) {
    let place = Place::new();
    let mirror = Mirror::start(&place);
    let address = format!("{protocol}://{}", mirror.address);
    let ran = place
        .crashpoint(&["exec", "--quiet", "--mirror", &address, "--", "true"])
        .exits(0);
    mirror.stop();
    let run = ran.latest();
    let name = run.file_name().unwrap().to_str().unwrap();
    let there = place.path("mirrored").join(name);
    assert_eq!(
        fs::read(there.join("journal-0001.jsonl")).unwrap(),
        fs::read(run.join("journal-0001.jsonl")).unwrap()
    );
    let told = place
        .crashpoint(&["report", there.to_str().unwrap(), "--format", "json"])
        .exits(0);
    let report: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(attempts(&report)[0]["outcome"], "survived");
}

#[test]
fn a_second_machine_gets_every_record_over_tcp() {
    is_mirrored("tcp");
}

#[test]
fn a_second_machine_gets_every_record_over_udp() {
    is_mirrored("udp");
}

#[test]
fn a_mirror_that_is_not_there_costs_nothing_but_is_told() {
    let place = Place::new();
    let ran = place
        .crashpoint(&["exec", "--quiet", "--mirror", "127.0.0.1:1", "--", "true"])
        .exits(0);
    let records = all(&ran.latest());
    assert!(matches!(records.last().unwrap().event, Event::RunEnd {}));
    place
        .crashpoint(&["exec", "--mirror", "nowhere", "--", "true"])
        .exits(2)
        .says("it has no port");
}
