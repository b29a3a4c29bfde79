//! Programs that were damaged at random: no panic, no overflow, and every finding within the text.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use crashpoint_lint::{Machine, lint};

/// Of each fixture.
const TRIES: usize = 40;
/// What programs are made of, and what takes parsers apart.
const PIECES: [&str; 20] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'''",
    "f\"{",
    "\\",
    "\n",
    "\n    ",
    ":",
    ",",
    "**",
    "lambda ",
    "\u{0}",
    "ä",
    "# crashpoint: ignore[",
    "if ",
];

/// xorshift64: the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }
}

fn programs(folder: &Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            programs(&path, all);
        } else {
            all.push(fs::read_to_string(path).unwrap());
        }
    }
}

fn damaged(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(letters.len());
        match random.below(4) {
            0 => letters.truncate(at),
            1 => {
                let until = (at + random.below(40)).min(letters.len());
                letters.drain(at..until);
            }
            2 => {
                let piece = PIECES[random.below(PIECES.len())].repeat(1 + random.below(3));
                letters.splice(at..at, piece.chars());
            }
            _ => {
                let from = random.below(letters.len());
                let until = (from + random.below(200)).min(letters.len());
                let copy: Vec<char> = letters.get(from..until).unwrap_or_default().to_vec();
                letters.splice(at..at, copy);
            }
        }
        if letters.is_empty() {
            break;
        }
    }
    letters.into_iter().collect()
}

#[test]
fn no_damage_takes_the_reader_down() {
    let mut all = Vec::new();
    programs(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"),
        &mut all,
    );
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let machine = Machine {
        gpu_memory: Some(24 << 30),
    };
    let mut found = 0;
    for program in &all {
        for _ in 0..TRIES {
            let text = damaged(program, &mut random);
            let lines = text.lines().count() + 1;
            for finding in lint("damaged.py", &text, &machine).unwrap_or_default() {
                assert!(finding.line <= finding.end_line, "{text}");
                assert!(finding.end_line as usize <= lines, "{text}\n{finding:?}");
                found += 1;
            }
        }
    }
    assert!(
        found > 100,
        "broken programs are read as far as they can be: {found}"
    );
}

#[test]
fn what_is_nested_without_end_is_refused_or_read() {
    let call = "AutoModel.from_pretrained(";
    let machine = Machine::default();
    for text in [
        format!("x = {}", "(".repeat(10_000)),
        format!("x = {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("x = {}", call.repeat(10_000)),
        format!("{call}{}", "-".repeat(500_000)),
        format!("{call}){}", ".to(x)".repeat(50_000)),
        format!("{call}){}", " + 1".repeat(100_000)),
        format!("{call})\n{}", "if x: ".repeat(50_000)),
        format!("{call})\nx = {}", "lambda a, b: ".repeat(20_000)),
        format!("{call})\n{}", "f'{".repeat(30_000)),
        format!("{call})\n{}", "x = [x, x]\n".repeat(20_000)),
        format!("{call})\n{}", "x = x.f(x)\n".repeat(20_000)),
        format!("{call})\nx = 'ab'\n{}", "x = x + x\n".repeat(1_000)),
        format!(
            "{call})\n{}",
            (0..900)
                .map(|n| format!("{}if x:\n", " ".repeat(n)))
                .collect::<String>()
        ),
        format!(
            "{call})\n{}",
            (0..300)
                .map(|n| format!("{}for x in y:\n", " ".repeat(n)))
                .collect::<String>()
        ),
        format!("{call})\nmatch x:\n  case {}", "[".repeat(20_000)),
    ] {
        let _ = lint("deep.py", &text, &machine);
    }
}
