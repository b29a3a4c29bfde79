//! Reads a segment of a journal, whatever state its end is in.
//!
//! A broken end is a torn tail and no error; a broken line with whole ones after it is damage:
//! reported with its place, and the rest is still read.

use std::io::{self, BufRead, Read};

use super::line::{LineError, decode};
use crate::event::{Event, Previous, Record};
use crate::report::{Damage, JournalState};

/// No line that crashpoint writes comes near this; a longer one is damage, not a reason to fill memory.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Places that are told; a file of nothing but damage has as many as bytes.
const MOST_DAMAGE: usize = 100;
/// Of what one place is told to have: it may quote the line.
const MOST_WORDS: usize = 300;

/// Collects what reading one or several segments found.
#[derive(Debug, Default)]
pub struct Reader {
    state: JournalState,
    next_seq: u64,
}

/// Broken lines, which wait here until it is known whether anything whole follows them.
#[derive(Default)]
struct Broken {
    first: Vec<Damage>,
    lines: u64,
    bytes: u64,
}

impl Reader {
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Reads one segment to its end, handing on every whole record in order. Records after `until`
    /// are left out: nobody was told that they are there, and a later segment holds them again.
    pub fn segment(
        &mut self,
        name: &str,
        until: Option<u64>,
        mut input: impl BufRead,
        mut record: impl FnMut(Record),
    ) -> io::Result<()> {
        let mut broken = Broken::default();
        let mut offset = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input
                .by_ref()
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut line)? as u64;
            if read == 0 {
                break;
            }
            let whole = line.strip_suffix(b"\n");
            match whole.map_or(Err(LineError::NoCheck), decode) {
                Ok(found) => {
                    self.damaged(std::mem::take(&mut broken));
                    if until.is_none_or(|until| found.seq <= until) {
                        self.follow(name, offset, &found);
                        record(found);
                    }
                }
                Err(LineError::Unknown(what)) => {
                    // Whole, but from another version: nothing to mistrust after it.
                    self.damaged(std::mem::take(&mut broken));
                    self.next_seq = self.next_seq.saturating_add(1);
                    let what = format!("the line is not understood: {what}");
                    self.damaged(Broken::one(name, offset, &what));
                }
                Err(error) => {
                    broken.lines += 1;
                    broken.bytes += read;
                    if broken.first.len() < MOST_DAMAGE {
                        let what = format!("the line is broken: {error}");
                        broken.first.push(damage(name, offset, &what));
                    }
                }
            }
            offset += read;
        }
        self.state.bytes += offset;
        self.state.torn_tail_bytes += broken.bytes;
        Ok(())
    }

    /// The number of the last record that was read.
    pub fn last_seq(&self) -> Option<u64> {
        self.next_seq.checked_sub(1)
    }

    pub fn finish(self) -> JournalState {
        self.state
    }

    fn follow(&mut self, name: &str, offset: u64, record: &Record) {
        let expected = self.next_seq;
        if record.seq != expected {
            let what = format!("record {expected} should be here, found {}", record.seq);
            self.damaged(Broken::one(name, offset, &what));
        }
        self.next_seq = record.seq.saturating_add(1);
        self.state.records += 1;
        self.state.complete = matches!(record.event, Event::RunEnd {});
    }

    fn damaged(&mut self, broken: Broken) {
        let told = &mut self.state.damage;
        let room = MOST_DAMAGE.saturating_sub(told.len());
        let before = told.len();
        told.extend(broken.first.into_iter().take(room));
        self.state.damage_left_out += broken.lines - (told.len() - before) as u64;
    }
}

impl Broken {
    fn one(name: &str, offset: u64, what: &str) -> Broken {
        Broken {
            first: vec![damage(name, offset, what)],
            lines: 1,
            bytes: 0,
        }
    }
}

fn damage(name: &str, offset: u64, what: &str) -> Damage {
    Damage {
        segment: name.to_owned(),
        offset,
        what: what.chars().take(MOST_WORDS).collect(),
    }
}

/// Reads a journal of one segment.
pub fn read_segment(input: impl BufRead, record: impl FnMut(Record)) -> io::Result<JournalState> {
    let mut reader = Reader::new();
    reader.segment("journal-0001.jsonl", None, input, record)?;
    Ok(reader.finish())
}

/// What the segment that begins with this line follows, if the line is whole and says so.
pub fn previous(first_line: &[u8]) -> Option<Previous> {
    let line = first_line.strip_suffix(b"\n").unwrap_or(first_line);
    match decode(line).ok()?.event {
        Event::Header(header) => header.previous,
        _ => None,
    }
}

/// How far each segment counts, given what each follows: no later segment may have begun before.
pub fn bounds(follows: &[Option<Previous>]) -> Vec<Option<u64>> {
    let mut least: Option<u64> = None;
    let mut bounds: Vec<Option<u64>> = follows
        .iter()
        .rev()
        .map(|previous| {
            let bound = least;
            let seq = previous.as_ref().and_then(|previous| previous.seq);
            least = least.into_iter().chain(seq).min();
            bound
        })
        .collect();
    bounds.reverse();
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Progress;
    use crate::journal::encode;

    fn journal(records: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for seq in 0..records {
            let event = Event::Progress(Progress::of_tokens(1, seq as u32));
            encode(
                &Record {
                    seq,
                    mono_us: seq,
                    wall_us: seq,
                    event,
                },
                &mut bytes,
            )
            .unwrap();
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<u64>, JournalState) {
        let mut seen = Vec::new();
        let state = read_segment(bytes, |record| seen.push(record.seq)).unwrap();
        (seen, state)
    }

    #[test]
    fn a_cut_anywhere_loses_only_the_line_it_is_in() {
        let whole = journal(3);
        let lines: Vec<usize> = (0..whole.len())
            .filter(|&at| whole[at] == b'\n')
            .map(|at| at + 1)
            .collect();
        for cut in 0..whole.len() {
            let (seen, state) = read(&whole[..cut]);
            let complete = lines.iter().filter(|&&end| end <= cut).count();
            assert_eq!(seen.len(), complete, "cut at {cut}");
            assert!(state.damage.is_empty(), "cut at {cut}");
        }
    }

    #[test]
    fn a_tail_of_zeros_is_torn_and_not_damage() {
        let mut bytes = journal(2);
        bytes.extend([0; 4096]);
        let (seen, state) = read(&bytes);
        assert_eq!(seen, [0, 1]);
        assert_eq!((state.torn_tail_bytes, state.damage.len()), (4096, 0));
    }

    #[test]
    fn what_a_later_segment_holds_again_is_read_once() {
        let first = journal(4);
        let again = journal(5);
        let second: usize = again
            .split_inclusive(|&byte| byte == b'\n')
            .take(2)
            .map(<[u8]>::len)
            .sum();
        let follows = [
            None,
            Some(Previous {
                segment: "journal-0001.jsonl".to_owned(),
                seq: Some(1),
            }),
        ];
        let bounds = bounds(&follows);
        assert_eq!(bounds, [Some(1), None]);
        let mut seen = Vec::new();
        let mut reader = Reader::new();
        for (bytes, until) in [&first[..], &again[second..]].into_iter().zip(bounds) {
            reader
                .segment("a segment", until, bytes, |record| seen.push(record.seq))
                .unwrap();
        }
        assert_eq!((seen, reader.last_seq()), (vec![0, 1, 2, 3, 4], Some(4)));
        assert!(reader.finish().damage.is_empty());
    }

    #[test]
    fn a_broken_line_in_the_middle_is_damage_with_its_offset() {
        let mut bytes = journal(3);
        let second = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        bytes[second + 5] ^= 1;
        let (seen, state) = read(&bytes);
        assert_eq!(seen, [0, 2]);
        assert_eq!(state.damage[0].offset, second as u64);
        assert_eq!(state.torn_tail_bytes, 0);
    }
}
