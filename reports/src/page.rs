//! What a worker did last inside a phase, as it stands in memory that it shares with its supervisor.
//!
//! To write there takes no system call, so a worker can say it of every token and every layer; and
//! it outlives the worker, however that one died. Only the layout is here, in words of 64 bits in
//! the machine's own byte order:
//!
//! | word | holds |
//! |---|---|
//! | 0 | [`MAGIC`], written by the supervisor |
//! | 1 | [`VERSION`], written by the supervisor |
//! | 2 | how many statements were made; the last one is in slot 0 if the number is even, else in slot 1 |
//! | 8 to 15 | slot 0 |
//! | 16 to 23 | slot 1 |
//!
//! and in a slot, where 0 is *not known*: the number of the phase's marker, the tokens that exist,
//! the layer (from 1), the bytes that the allocator holds in use, and 32 bytes of text that name a
//! step. Whoever writes fills the slot that does not hold the last statement, then counts it: a
//! death in between leaves the statement before it whole.

/// The environment variable that holds the number of the file to be mapped, whole and shared.
pub const FD_VARIABLE: &str = "CRASHPOINT_PAGE";

/// Of the file: one page on every machine there is, or a part of one.
pub const BYTES: usize = 4096;
/// Of what is in use.
pub const WORDS: usize = 24;

pub const MAGIC: u64 = u64::from_ne_bytes(*b"CRASHPT\n");
pub const VERSION: u64 = 1;

/// The word that counts the statements.
pub const COUNT: usize = 2;
pub const SLOT_WORDS: usize = 8;

const MARKER: usize = 0;
const TOKEN: usize = 1;
const LAYER: usize = 2;
const ALLOCATED: usize = 3;
const STEP: usize = 4;
const STEP_BYTES: usize = (SLOT_WORDS - STEP) * 8;

/// Many readers of JSON lose integers above this; no allocator has so much.
const MOST_BYTES: u64 = 1 << 53;

/// The first word of the slot for the statement with this count.
pub const fn slot_of(count: u64) -> usize {
    if count.is_multiple_of(2) { 8 } else { 16 }
}

/// How the page begins.
pub const fn head() -> [u64; COUNT] {
    [MAGIC, VERSION]
}

/// One statement, as the worker lays it down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    words: [u64; SLOT_WORDS],
}

impl Slot {
    /// About the phase that was begun with this marker; 0 for a program that sets none.
    pub fn of(marker: u64) -> Slot {
        let mut slot = Slot::default();
        slot.words[MARKER] = marker;
        slot
    }

    pub fn set_token(&mut self, n: u32) {
        self.words[TOKEN] = u64::from(n);
    }

    pub fn set_layer(&mut self, n: u32) {
        self.words[LAYER] = u64::from(n);
    }

    pub fn set_allocated_bytes(&mut self, bytes: u64) {
        self.words[ALLOCATED] = bytes;
    }

    /// Cut after 32 bytes.
    pub fn set_step(&mut self, name: &str) {
        let mut text = [0; STEP_BYTES];
        for (to, from) in text.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        let (words, _) = text.as_chunks::<8>();
        for (to, from) in self.words.iter_mut().skip(STEP).zip(words) {
            *to = u64::from_ne_bytes(*from);
        }
    }

    pub fn words(&self) -> &[u64; SLOT_WORDS] {
        &self.words
    }
}

/// What the last statement says. Nobody has checked it: it is the worker's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// 0 where the program sets no markers.
    pub marker: u64,
    pub token: Option<u32>,
    pub layer: Option<u32>,
    pub allocated_bytes: Option<u64>,
    pub step: Option<String>,
}

/// What the bytes of a page come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing was said yet.
    Blank,
    /// The head is not what the supervisor wrote: somebody wrote over it, and over the rest perhaps.
    Overwritten,
    Said {
        count: u64,
        statement: Statement,
    },
}

/// Takes any bytes: a worker that goes wrong may have written anything. What no worker could mean is
/// not known.
pub fn look(page: &[u8; WORDS * 8]) -> Look {
    let (chunks, _) = page.as_chunks::<8>();
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u64::from_ne_bytes(*bytes);
    }
    if !words.starts_with(&head()) {
        return Look::Overwritten;
    }
    let count = words[COUNT];
    let slot = words.get(slot_of(count)..).unwrap_or_default();
    match slot.first_chunk() {
        Some(slot) if count > 0 => Look::Said {
            count,
            statement: statement(slot),
        },
        _ => Look::Blank,
    }
}

fn statement(slot: &[u64; SLOT_WORDS]) -> Statement {
    let number = |word: u64| u32::try_from(word).ok().filter(|&n| n > 0);
    Statement {
        marker: slot[MARKER],
        token: number(slot[TOKEN]),
        layer: number(slot[LAYER]),
        allocated_bytes: Some(slot[ALLOCATED]).filter(|bytes| (1..=MOST_BYTES).contains(bytes)),
        step: step(slot),
    }
}

/// A name in plain letters, or none: it goes into reports.
fn step(slot: &[u64; SLOT_WORDS]) -> Option<String> {
    let bytes: Vec<u8> = slot
        .iter()
        .skip(STEP)
        .flat_map(|word| word.to_ne_bytes())
        .take_while(|&byte| byte != 0)
        .collect();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" _-.:/".contains(byte);
    let name = String::from_utf8(bytes).ok()?;
    (!name.is_empty() && name.bytes().all(|byte| plain(&byte))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: &[u64; WORDS]) -> [u8; WORDS * 8] {
        let mut bytes = [0; WORDS * 8];
        for (to, word) in bytes.chunks_mut(8).zip(words) {
            to.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    fn with(count: u64, slots: [Slot; 2]) -> [u8; WORDS * 8] {
        let mut words = [0; WORDS];
        words[..2].copy_from_slice(&head());
        words[COUNT] = count;
        words[8..16].copy_from_slice(slots[0].words());
        words[16..24].copy_from_slice(slots[1].words());
        page(&words)
    }

    fn full(token: u32) -> Slot {
        let mut slot = Slot::of(7);
        slot.set_token(token);
        slot.set_layer(17);
        slot.set_allocated_bytes(6_850_000_000);
        slot.set_step("projector");
        slot
    }

    fn said(page: &[u8; WORDS * 8]) -> Statement {
        match look(page) {
            Look::Said { statement, .. } => statement,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_slot_that_was_counted_last_is_read() {
        let even = with(42, [full(41), full(42)]);
        let expected = Statement {
            marker: 7,
            token: Some(41),
            layer: Some(17),
            allocated_bytes: Some(6_850_000_000),
            step: Some("projector".to_owned()),
        };
        assert_eq!(said(&even), expected);
        assert_eq!(said(&with(43, [full(41), full(42)])).token, Some(42));
    }

    #[test]
    fn a_new_page_says_nothing_and_what_is_not_known_is_not_nought() {
        assert_eq!(look(&with(0, [full(1), full(1)])), Look::Blank);
        assert_eq!(
            said(&with(1, [Slot::default(); 2])),
            Statement::default(),
            "a zero is no token, layer or byte"
        );
    }

    #[test]
    fn what_no_worker_could_mean_is_not_believed() {
        let mut slot = Slot {
            words: [u64::MAX; SLOT_WORDS],
        };
        assert_eq!(
            said(&with(2, [slot; 2])),
            Statement {
                marker: u64::MAX,
                ..Statement::default()
            }
        );
        slot.set_step("<b>\x1b[31m");
        assert_eq!(said(&with(2, [slot; 2])).step, None);
        slot.set_step(&"x".repeat(100));
        assert_eq!(said(&with(2, [slot; 2])).step, Some("x".repeat(32)));
    }

    #[test]
    fn no_page_is_too_broken_to_be_looked_at() {
        // xorshift: the same pages in every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..20_000 {
            let mut words = [0; WORDS];
            words.fill_with(&mut next);
            if round % 2 == 0 {
                words[..2].copy_from_slice(&head());
                assert!(matches!(look(&page(&words)), Look::Said { .. }));
            } else {
                assert_eq!(look(&page(&words)), Look::Overwritten);
            }
        }
    }
}
