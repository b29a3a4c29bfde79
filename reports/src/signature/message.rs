//! A message without what changes from run to run: addresses, pids, sizes, times, paths.

/// Longer messages differ in their ends, which are lists and dumps.
const LONGEST: usize = 160;
/// What stands for something masked.
const MASK: &str = "#";
/// A number after one of these names an error, and is kept.
const NAMES_AN_ERROR: [&str; 7] = [
    "error", "code", "errno", "xid", "status", "signal", "exited",
];
/// Names that are numbered through.
const NUMBERED: [&str; 6] = ["rank", "thread", "worker", "process", "pid", "tid"];
const UNITS: [&str; 22] = [
    "s", "ms", "us", "ns", "m", "h", "B", "kB", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB",
    "K", "M", "G", "W", "Hz", "%",
];
/// Files of a program keep their names; files of data do not.
const CODE: [&str; 9] = [
    ".py", ".rs", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".so",
];

pub fn normalised(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let mut shown = String::new();
    let mut words = Words::of(line.unwrap_or_default());
    // The word that makes the next number count.
    let mut keep = false;
    let mut xid = false;
    while let Some((between, word)) = words.next() {
        if shown.ends_with(MASK) && between == " " && UNITS.contains(&word) {
            // A size or a time may come in another unit.
            continue;
        }
        push_separator(&mut shown, between);
        let apart = between.is_empty() || between.ends_with([' ', '\t', '=']);
        let is_number = is_number(word);
        if is_number && apart && (keep || xid) {
            shown += word;
            xid = false;
        } else {
            shown += &masked(word);
        }
        let lower = word.to_ascii_lowercase();
        xid |= lower == "xid";
        keep = !is_number && NAMES_AN_ERROR.contains(&lower.as_str());
    }
    push_separator(&mut shown, words.rest);
    let collapsed = collapse(&shown);
    collapsed
        .char_indices()
        .nth(LONGEST)
        .map_or(collapsed.as_str(), |(end, _)| {
            collapsed.get(..end).unwrap_or(&collapsed)
        })
        .trim_end()
        .to_owned()
}

fn push_separator(shown: &mut String, between: &str) {
    for letter in between.chars() {
        if !letter.is_whitespace() {
            shown.push(letter);
        } else if !shown.ends_with(' ') && !shown.is_empty() {
            shown.push(' ');
        }
    }
}

/// Splits a line into words and what stands between them.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Words<'a> {
        Words { rest: line }
    }

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let is_between =
            |letter: char| letter.is_whitespace() || "\"'`()[]{}<>,;:=!?|".contains(letter);
        let start = self.rest.find(|letter| !is_between(letter))?;
        let (between, from) = self.rest.split_at(start);
        let end = from.find(is_between).unwrap_or(from.len());
        let (word, rest) = from.split_at(end);
        self.rest = rest;
        Some((between, word))
    }
}

fn masked(word: &str) -> String {
    if word.contains('/') && word != "/" {
        let name = word.rsplit('/').next().unwrap_or_default();
        let is_code = CODE.iter().any(|end| name.ends_with(end));
        return if is_code { name } else { "<path>" }.to_owned();
    }
    // A full stop at the end belongs to the sentence.
    let (bare, stop) = match word.strip_suffix('.') {
        Some(bare) => (bare, "."),
        None => (word, ""),
    };
    let identifier = bare
        .strip_prefix("GPU-")
        .or_else(|| bare.strip_prefix("MIG-"))
        .unwrap_or(bare);
    if is_number(bare) || is_measure(bare) || is_blob(identifier) {
        return format!("{MASK}{stop}");
    }
    let letters = bare.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if letters.len() < bare.len() {
        let name = letters.trim_end_matches(['-', '_', '#']);
        if NUMBERED.contains(&name.to_ascii_lowercase().as_str()) {
            return format!("{letters}{MASK}{stop}");
        }
    }
    word.to_owned()
}

/// Digits, with what numbers, dates and versions have between them.
fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit() || "+-".contains(first))
        && word.contains(|letter: char| letter.is_ascii_digit())
        && word
            .chars()
            .all(|letter| letter.is_ascii_digit() || ".+-_eE".contains(letter))
}

fn is_measure(word: &str) -> bool {
    UNITS
        .iter()
        .filter_map(|unit| word.strip_suffix(unit))
        .any(is_number)
}

/// An address, a digest, a UUID.
fn is_blob(word: &str) -> bool {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let hex = |text: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_hexdigit() || letter == '-')
    };
    match digits {
        Some(digits) => hex(digits),
        None => word.len() >= 8 && hex(word) && word.contains(|it: char| it.is_ascii_digit()),
    }
}

/// `#:#:#` is one thing, and so is a list of them.
fn collapse(text: &str) -> String {
    let mut collapsed = text.to_owned();
    for pair in ["#:#", "#.#", "#-#", "#, #", "#,#", "#x#", "# #"] {
        while collapsed.contains(pair) {
            collapsed = collapsed.replace(pair, MASK);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_is_masked() {
        for (one, other, shown) in [
            (
                "worker 4711: allocation of 2.00 GiB failed at 0x7f12a8",
                "worker 99: allocation of 512 MiB failed at 0x55dd00ff",
                None,
            ),
            (
                "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 23.69 GiB total)",
                "CUDA out of memory. Tried to allocate 1.2 GiB (GPU 1; 79.1 GiB total)",
                None,
            ),
            (
                "in decode, at position 3: more than 30.0 s for a later image",
                "in decode, at position 12: more than 41.5 s for a later image",
                Some("in decode, at position #: more than # for a later image"),
            ),
            (
                "2026-11-23 14:02:11 [rank0] /opt/a/model.py:31 lost",
                "2025-01-02 01:00:59 [rank7] /home/b/c/model.py:44 lost",
                Some("# [rank#] model.py:# lost"),
            ),
            (
                "failed to open '/tmp/x/weights.bin' (GPU-1a2b3c4d-00ff)",
                "failed to open './y/other.bin' (GPU-99999999-00aa)",
                Some("failed to open '<path>' (#)"),
            ),
        ] {
            assert_eq!(normalised(one), normalised(other));
            if let Some(shown) = shown {
                assert_eq!(normalised(one), shown);
            }
        }
    }

    #[test]
    fn what_names_an_error_is_kept() {
        for (one, other) in [
            ("CUDA error 700: failed", "CUDA error 719: failed"),
            ("[Errno 28] failed", "[Errno 12] failed"),
            (
                "NVRM: Xid (PCI:0000:01:00): 79, pid=12",
                "NVRM: Xid (PCI:0000:01:00): 31, pid=12",
            ),
            ("no kernel for sm_86", "no kernel for sm_90"),
            ("exit code 17", "exit code 18"),
            ("SIGSEGV", "SIGBUS"),
        ] {
            assert_ne!(normalised(one), normalised(other));
        }
        assert_eq!(
            normalised("NVRM: Xid (PCI:0000:01:00): 79, pid=12"),
            normalised("NVRM: Xid (PCI:0000:41:00): 79, pid=99999")
        );
    }

    #[test]
    fn hostile_text_is_only_text() {
        for text in [
            "",
            " ",
            "::::",
            "\u{feff}0x",
            "新聞 12 新聞",
            "+",
            "9".repeat(9000).as_str(),
        ] {
            let once = normalised(text);
            assert!(once.chars().count() <= LONGEST, "{text:?}");
        }
    }
}
