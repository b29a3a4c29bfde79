//! Whatever a disk, a crash or a hand makes of a journal: it is read without a panic, what stands
//! before the first damage is kept, and damage is told.

use crashpoint_reports::event::{Event, Previous, Progress, Record};
use crashpoint_reports::fold::Fold;
use crashpoint_reports::journal::{Reader, bounds, decode, encode, previous};
use crashpoint_reports::protocol::FromWorker;
use crashpoint_reports::report::JournalState;
use crashpoint_reports::{Confidence, Report, RunEnding, SampleBlock, render};
use serde_json::Value;

use crate::dice::{Dice, throw};
use crate::journal::{Journal, ladder_with_a_bad_fifth};

const JOURNALS: u64 = 300;
/// Of one run, in its segments' order.
type Segments = Vec<(String, Vec<u8>)>;

/// Several attempts, deaths among them, every kind of event that the helpers write, and two places
/// where another segment begins.
fn whole() -> Journal {
    let mut journal = ladder_with_a_bad_fifth();
    journal.records.pop();
    next_segment(&mut journal, 1);
    let block = SampleBlock::of(&[journal.a_sample(4), journal.a_sample(4)], 0);
    journal.push(Event::SampleBlock(block));
    journal.survivor(4, "single", &[1, 2, 3]);
    next_segment(&mut journal, 2);
    journal.death(5, "each-alone/5", &[5]);
    journal.push(Event::Trouble {
        what: "the GPU's probe was lost".into(),
    });
    journal.run_end();
    journal
}

fn next_segment(journal: &mut Journal, after: usize) {
    let Event::Header(mut header) = journal.records[0].event.clone() else {
        panic!("{:?}", journal.records[0]);
    };
    header.previous = Some(Previous {
        segment: name(after),
        seq: journal.records.last().map(|record| record.seq),
    });
    journal.push(Event::Header(header));
}

fn line(record: &Record) -> Vec<u8> {
    let mut line = Vec::new();
    encode(record, &mut line).unwrap();
    line
}

fn name(number: usize) -> String {
    format!("journal-{number:04}.jsonl")
}

/// Each begins with a header.
fn segments(records: &[Record]) -> Segments {
    let mut segments: Segments = Vec::new();
    for record in records {
        if matches!(record.event, Event::Header(_)) {
            segments.push((name(segments.len() + 1), Vec::new()));
        }
        segments.last_mut().unwrap().1.extend(line(record));
    }
    segments
}

fn read(segments: &Segments) -> (Vec<Record>, JournalState) {
    let first_line = |bytes: &[u8]| {
        bytes
            .split_inclusive(|&byte| byte == b'\n')
            .next()
            .map(<[u8]>::to_vec)
    };
    let follows: Vec<Option<Previous>> = segments
        .iter()
        .map(|(_, bytes)| previous(&first_line(bytes)?))
        .collect();
    let mut reader = Reader::new();
    let mut records = Vec::new();
    for ((name, bytes), until) in segments.iter().zip(bounds(&follows)) {
        reader
            .segment(name, until, bytes.as_slice(), |record| records.push(record))
            .unwrap();
    }
    (records, reader.finish())
}

fn report(records: Vec<Record>, state: JournalState) -> Report {
    let mut fold = Fold::new();
    for record in records {
        fold.push(record);
    }
    fold.finish(state)
}

/// Much of what a report is made into.
fn render(report: &Report) {
    assert!(render::json(report).starts_with('{'));
    assert!(!render::markdown(report).is_empty());
    assert!(!render::terminal(report, true).is_empty());
    let xml = render::junit(report);
    assert!(!xml.contains(|letter: char| letter.is_control() && letter != '\n'));
}

/// The same, and the longer forms.
fn render_all(report: &Report) {
    render(report);
    assert!(render::html(report).ends_with("</html>"));
    assert!(!render::validation_markdown(report, Some(report)).is_empty());
    let annotations = render::annotations(report);
    assert!(!annotations.iter().any(|line| line.contains('\n')));
}

/// One thing that happens to a file.
fn damage(dice: &mut Dice, segments: &mut Segments) {
    let at = dice.below(segments.len());
    let whole_file = &mut segments[at].1;
    let place = dice.below(whole_file.len());
    match dice.below(9) {
        0 => whole_file.truncate(place),
        1 => {
            if let Some(byte) = whole_file.get_mut(place) {
                *byte ^= 1 << dice.below(8);
            }
        }
        2 => {
            let end = (place + 1 + dice.below(600)).min(whole_file.len());
            whole_file[place..end].fill(0);
        }
        3 => whole_file.extend([0; 4096]),
        kind @ 4..=6 => {
            let mut lines: Vec<Vec<u8>> = whole_file
                .split_inclusive(|&byte| byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
            match kind {
                _ if lines.is_empty() => {}
                4 => lines.swap(one, other),
                5 => lines.insert(other, lines[one].clone()),
                _ => drop(lines.remove(one)),
            }
            *whole_file = lines.concat();
        }
        7 => drop(segments.remove(at)),
        _ => {
            let other = dice.below(segments.len());
            segments.swap(at, other);
        }
    }
}

/// Whole lines at the beginning that nobody has touched.
fn untouched(before: &Segments, after: &Segments) -> usize {
    let mut lines = 0;
    for (before, after) in before.iter().zip(after) {
        let same = before.1.iter().zip(&after.1).take_while(|(a, b)| a == b);
        let same = &before.1[..same.count()];
        lines += same.iter().filter(|&&byte| byte == b'\n').count();
        if before != after {
            break;
        }
    }
    lines
}

fn one_journal(seed: u64, written: &[Record]) {
    let mut dice = Dice::new(seed);
    let before = segments(written);
    let mut after = before.clone();
    for _ in 0..=dice.below(3) {
        if !after.is_empty() {
            damage(&mut dice, &mut after);
        }
    }
    let safe = untouched(&before, &after);
    let (records, state) = read(&after);
    assert!(records.len() >= safe);
    assert_eq!(records[..safe], written[..safe]);
    // A journal may end anywhere. Anything else that is missing, new or elsewhere is told.
    let only_ends_early = written.starts_with(&records);
    assert!(only_ends_early || !state.damage.is_empty(), "{state:?}");
    let lacks_its_end = records.last() != written.last();
    assert!(!(lacks_its_end && state.complete), "{state:?}");
    render_all(&report(records, state));
}

#[test]
fn no_damage_goes_untold_or_takes_what_was_before_it() {
    let written = whole().records;
    throw(JOURNALS, |seed| one_journal(seed, &written));
}

/// What no supervisor writes: any number where one can stand, behind a check that is right.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "2147483647",
    "-2147483648",
    "4294967295",
    "18446744073709551615",
    "9223372036854775808",
    "1e308",
    "-1e308",
    "5e-324",
    "1795442531000000",
];

/// Replaces some of the numbers in a value.
fn bend(dice: &mut Dice, value: &mut Value) {
    match value {
        Value::Number(_) if dice.below(4) == 0 => {
            *value = serde_json::from_str(dice.pick(&NUMBERS)).unwrap();
        }
        Value::Array(items) => items.iter_mut().for_each(|it| bend(dice, it)),
        Value::Object(members) => members.values_mut().for_each(|it| bend(dice, it)),
        _ => {}
    }
}

/// A line with the check that belongs to it, whatever stands in it.
fn checked(value: &Value) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).unwrap();
    assert_eq!(line.pop(), Some(b'}'));
    let check = crc32c::crc32c(&line);
    line.extend(format!(",\"crc\":\"{check:08x}\"}}\n").into_bytes());
    line
}

fn one_bent_journal(seed: u64, written: &[Record]) {
    let mut dice = Dice::new(seed);
    let mut bytes = Vec::new();
    for record in written {
        let mut value = serde_json::to_value(record).unwrap();
        if dice.below(3) == 0 {
            bend(&mut dice, &mut value);
        }
        bytes.extend(checked(&value));
    }
    let (records, state) = read(&vec![(name(1), bytes)]);
    render_all(&report(records, state));
}

#[test]
fn no_number_is_too_large_for_the_reader_or_the_report() {
    let mut journal = whole();
    journal.records.pop();
    // A death of the machine, found by a later boot: a report that reckons with times.
    journal.worker(6, "fifth");
    journal.sample(6);
    journal.header("boot-b");
    let found = crate::recovered::recovery(RunEnding::MachineReset, Confidence::Certain);
    journal.push(Event::Recovered(Box::new(found)));
    let written = journal.records;
    throw(JOURNALS, |seed| one_bent_journal(seed, &written));
}

#[test]
fn a_check_of_our_own_making_is_the_one_that_is_read() {
    let record = &whole().records[3];
    let ours = checked(&serde_json::to_value(record).unwrap());
    assert_eq!(
        decode(ours.strip_suffix(b"\n").unwrap()).as_ref(),
        Ok(record)
    );
}

/// Attempts whose beginnings are lost: each becomes one of the report, in a time that grows with their number.
#[test]
fn a_hundred_thousand_attempts_without_a_beginning_are_folded() {
    const MANY: u32 = 100_000;
    let mut journal = Journal::empty();
    for attempt in 1..=MANY {
        journal.push(Event::Progress(Progress::of_tokens(attempt, 1)));
    }
    let made = journal.report();
    assert_eq!(made.cases[0].attempts.len(), MANY as usize);
    assert_eq!(made.cases[0].attempts.last().unwrap().n, MANY);
}

/// What is kept of damage does not grow with it.
#[test]
fn a_segment_of_nothing_but_damage_is_told_in_a_few_words() {
    let records = whole().records;
    let mut bytes = line(&records[0]);
    bytes.extend(vec![b'\n'; 2 << 20]);
    bytes.extend(line(&records[1]));
    let (seen, state) = read(&vec![(name(1), bytes)]);
    assert_eq!(seen.len(), 2);
    assert!(!state.damage.is_empty() && state.damage.len() <= 1000);
}

const MESSAGES: [&str; 8] = [
    r#"{"hello":{"protocol":1,"name":"x"}}"#,
    r#"{"phase":{"id":1,"name":"decode","image":{"index":1,"position":1}}}"#,
    r#"{"phase_end":{"id":1,"elapsed_us":5,"memory":{"allocated_bytes":1,"reserved_bytes":2}}}"#,
    r#"{"token":{"n":4}}"#,
    r#"{"image":{"index":1,"position":1,"outcome":"survived","seconds":0.5,"tokens":3,"text":"a"}}"#,
    r#"{"facts":{"gpu":{"name":"x","numbers":[1,2.5,null,true]}}}"#,
    r#"{"error":{"class":"gpu_oom","message":"out of memory"}}"#,
    r#"{"done":{}}"#,
];

/// A message that is heard must not become a line that cannot be read.
#[track_caller]
fn is_readable(message: FromWorker) {
    let record = Record {
        seq: 1,
        mono_us: 1,
        wall_us: 1,
        event: Event::said(1, message),
    };
    let line = line(&record);
    let read = decode(line.strip_suffix(b"\n").unwrap()).unwrap();
    render(&report(vec![read], JournalState::default()));
}

fn one_message(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut bytes = dice.pick(&MESSAGES).as_bytes().to_vec();
    if dice.below(2) == 0 {
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        bend(&mut dice, &mut value);
        bytes = serde_json::to_vec(&value).unwrap();
    }
    for _ in 0..dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), dice.below(256) as u8),
            2 => drop(bytes.splice(at..at, dice.pick(&NUMBERS).bytes())),
            3 => drop(bytes.splice(at..at, dice.pick(&MESSAGES).bytes())),
            _ => drop(
                bytes.splice(
                    at..at,
                    dice.pick(&["\\u0000", "\\ud800", "[[", "{\"\":", "\u{202e}"])
                        .bytes(),
                ),
            ),
        }
    }
    if let Ok(message) = FromWorker::parse(&bytes) {
        is_readable(message);
    }
}

#[test]
fn whatever_a_worker_is_heard_to_say_can_be_read_again() {
    throw(20 * JOURNALS, one_message);
}

#[test]
fn facts_are_nested_as_deep_as_can_be_read_or_not_heard_at_all() {
    let mut heard = 0;
    for depth in 0..200 {
        let text = format!(
            r#"{{"facts":{{"deep":{}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        if let Ok(message) = FromWorker::parse(text.as_bytes()) {
            is_readable(message);
            heard += 1;
        }
    }
    assert!((40..128).contains(&heard), "{heard}");
}
