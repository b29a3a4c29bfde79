//! Finds what somebody meant: `gpu_oom`, `79`, `Xid 79`, `SIGKILL`, `exit code 137`, `-9`.

use std::fmt;

use super::{ExitCode, Explanation, Signal};
use crate::signal::{signal_name, signal_number};
use crate::verdict::Class;

/// How much alike two names must be for one to be offered for the other, from 0 to 1.
const ALIKE: f64 = 0.8;
const OFFERED: usize = 5;

/// Nothing has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    what: String,
    nearest: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.nearest.as_slice() {
            [] => f.write_str("; crashpoint explain without an argument lists all classes"),
            [one] => write!(f, "; did you mean {one}?"),
            [all @ .., last] => write!(f, "; did you mean {} or {last}?", all.join(", ")),
        }
    }
}

impl std::error::Error for Unknown {}

/// Every meaning of this name, the likeliest first; at least one.
pub fn named(text: &str) -> Result<Vec<Explanation>, Unknown> {
    let words = normalised(text);
    for prefix in ["xid", "sxid"] {
        if let Some(number) = number_after(&words, prefix) {
            return one_xid(prefix, number);
        }
    }
    if let Some(number) = number_after(&words, "signal") {
        return Signal::of(number)
            .map(|signal| vec![Explanation::Signal(signal)])
            .ok_or_else(|| unknown(format!("no signal has the number {number}")));
    }
    let code = ["exit_code", "exit_status", "exit", "code", "rc"];
    if let Some(number) = code.iter().find_map(|prefix| number_after(&words, prefix)) {
        return one_exit_code(number);
    }
    if let Ok(number) = words.parse::<i32>() {
        return bare(number);
    }
    let name = words.strip_prefix("signal_").unwrap_or(&words);
    if let Some(signal) = signal_number(name).and_then(Signal::of) {
        return Ok(vec![Explanation::Signal(signal)]);
    }
    if let Ok(class) = words.parse::<Class>() {
        return Ok(vec![Explanation::class(class)]);
    }
    Err(Unknown {
        what: format!("nothing is called {:?}", shown(text)),
        nearest: nearest(&words),
    })
}

/// Lower case, with one underline for whatever parts words; the sign of a number stays.
fn normalised(text: &str) -> String {
    let mut words = String::new();
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        let in_a_word = words.ends_with(|before: char| before.is_alphanumeric());
        let sign = letter == '-' && !in_a_word && letters.peek().is_some_and(char::is_ascii_digit);
        if sign || letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else if in_a_word {
            words.push('_');
        }
    }
    words.trim_end_matches('_').to_owned()
}

/// A number right after the word, as in `xid79` and `xid_79`.
fn number_after(words: &str, prefix: &str) -> Option<i32> {
    let rest = words.strip_prefix(prefix)?;
    rest.strip_prefix('_').unwrap_or(rest).parse().ok()
}

fn one_xid(kind: &str, number: i32) -> Result<Vec<Explanation>, Unknown> {
    if kind == "sxid" {
        return Err(unknown(format!(
            "SXid {number} is a number of an NVSwitch, which has its own list: see NVIDIA's Fabric Manager user guide, and `crashpoint explain gpu_nvlink_fault`"
        )));
    }
    u32::try_from(number)
        .ok()
        .and_then(Explanation::xid)
        .map(|xid| vec![xid])
        .ok_or_else(|| unknown(format!("no source describes an Xid {number}")))
}

fn one_exit_code(code: i32) -> Result<Vec<Explanation>, Unknown> {
    // Python's word for a signal.
    if code < 0 {
        return bare(code);
    }
    ExitCode::of(code)
        .map(|code| vec![Explanation::ExitCode(code)])
        .ok_or_else(|| {
            unknown(format!(
                "no process leaves with {code}: exit codes are 0 to 255"
            ))
        })
}

/// A number alone can be several things. What is a signal in disguise is asked for more often than
/// the Xid of the same number; below that it is the other way round.
fn bare(number: i32) -> Result<Vec<Explanation>, Unknown> {
    if let Some(signal) = number
        .checked_neg()
        .filter(|&it| it > 0)
        .and_then(Signal::of)
    {
        return Ok(vec![Explanation::Signal(signal)]);
    }
    let xid = u32::try_from(number).ok().and_then(Explanation::xid);
    let signal = Signal::of(number).filter(|signal| signal.name.is_some());
    let code = ExitCode::of(number).filter(ExitCode::is_known);
    let mut found = Vec::new();
    let code_first = number == 0 || number > 120;
    if code_first {
        found.extend(code.clone().map(Explanation::ExitCode));
    }
    found.extend(xid);
    found.extend(signal.map(Explanation::Signal));
    if !code_first {
        found.extend(code.map(Explanation::ExitCode));
    }
    if found.is_empty() {
        Err(unknown(format!(
            "{number} is no Xid that any source describes, no signal, and no exit code with a meaning of its own"
        )))
    } else {
        Ok(found)
    }
}

fn unknown(what: String) -> Unknown {
    Unknown {
        what,
        nearest: Vec::new(),
    }
}

/// What was typed, short enough for a message.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Names that contain what was typed, or else the ones most like it.
fn nearest(words: &str) -> Vec<String> {
    let classes = Class::ALL.iter().map(Class::to_string);
    let signals = (1..=31).filter_map(signal_name).map(str::to_owned);
    let names: Vec<String> = classes.chain(signals).collect();
    let parts = words.len() >= 3;
    let mut found: Vec<String> = names
        .iter()
        .filter(|name| parts && name.to_lowercase().contains(words))
        .cloned()
        .collect();
    if found.is_empty() {
        let mut alike: Vec<(f64, &String)> = names
            .iter()
            .map(|name| (strsim::jaro_winkler(&name.to_lowercase(), words), name))
            .filter(|(score, _)| *score >= ALIKE)
            .collect();
        alike.sort_by(|a, b| b.0.total_cmp(&a.0));
        found = alike
            .into_iter()
            .take(3)
            .map(|(_, name)| name.clone())
            .collect();
    }
    found.truncate(OFFERED);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds of what was found, in order, with their numbers and names.
    fn kinds(text: &str) -> Vec<String> {
        named(text)
            .unwrap()
            .iter()
            .map(|found| match found {
                Explanation::Class { class, .. } => class.to_string(),
                Explanation::Xid { xid, .. } => format!("xid {}", xid.number),
                Explanation::Signal(signal) => format!("signal {}", signal.number),
                Explanation::ExitCode(code) => format!("exit {}", code.code),
            })
            .collect()
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for text in ["gpu_oom", "GPU_OOM", "gpu-oom", "gpu oom"] {
            assert_eq!(kinds(text), ["gpu_oom"]);
        }
        for text in ["79", "xid:79", "Xid 79", "XID79", "xid=79", "Xid: 79"] {
            assert_eq!(kinds(text), ["xid 79"], "{text}");
        }
        for text in [
            "SIGKILL",
            "kill",
            "signal 9",
            "signal:9",
            "-9",
            "exit code -9",
            "signal kill",
        ] {
            assert_eq!(kinds(text), ["signal 9"], "{text}");
        }
        for text in ["exit 137", "exit code 137", "exit:137", "rc=137"] {
            assert_eq!(kinds(text), ["exit 137"], "{text}");
        }
    }

    #[test]
    fn a_bare_number_gives_all_that_it_can_be() {
        assert_eq!(kinds("137"), ["exit 137", "xid 137"]);
        assert_eq!(kinds("13"), ["xid 13", "signal 13"]);
        assert_eq!(kinds("11"), ["xid 11", "signal 11", "exit 11"]);
        assert_eq!(kinds("0"), ["exit 0"]);
        assert_eq!(kinds("255"), ["exit 255"]);
    }

    #[test]
    fn every_class_every_xid_and_every_signal_has_an_explanation() {
        for class in Class::ALL {
            assert_eq!(kinds(&class.to_string()), [class.to_string()]);
        }
        for xid in crate::knowledge::xids() {
            let number = xid.number;
            assert_eq!(kinds(&format!("xid {number}")), [format!("xid {number}")]);
            assert!(kinds(&number.to_string()).contains(&format!("xid {number}")));
        }
        for number in 1..=31 {
            let name = signal_name(number).unwrap();
            assert_eq!(kinds(name), [format!("signal {number}")]);
        }
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest_one() {
        let says = |text: &str| named(text).unwrap_err().to_string();
        assert!(says("gpu_omm").contains("gpu_oom"), "{}", says("gpu_omm"));
        assert!(says("SIGKIL").contains("SIGKILL"), "{}", says("SIGKIL"));
        assert!(says("fell off bus").contains("gpu_fell_off_bus"));
        assert!(says("oom").contains("host_oom_kernel"));
        assert!(says("xid 5").contains("Xid 5"));
        assert!(says("exit 300").contains("0 to 255"));
        assert!(says("sxid 12028").contains("NVSwitch"));
        assert!(says("quux").contains("lists all classes"));
        for text in [
            "",
            "-",
            "99999999999999999999",
            "-2147483648",
            "\u{1b}[2J",
            "xid -1",
        ] {
            says(text);
        }
    }
}
