//! The kernel's log of this boot: what it found left over from the last one.

use crashpoint_reports::recovery::{Found, LogLine, SourceRead};

use super::root::Root;
use crate::kernel_log;

const SOURCE: &str = "kernel log of this boot";
/// In a folder that stands for a machine: the log as `dmesg` prints it.
const FILE: &str = "var/log/dmesg";

pub fn look(root: &Root, found: &mut Found) {
    if !root.is_the_machine() {
        if let Ok(text) = std::fs::read_to_string(root.at(FILE)) {
            found.this_boot = text.lines().map(line).collect();
        }
        return;
    }
    found.sources.push(match kernel_log::of_this_boot() {
        Ok(log) => {
            found.this_boot = log.lines.iter().map(|text| line(text)).collect();
            let lost = if log.lost_some {
                ", the first ones already overwritten"
            } else {
                ""
            };
            let said = format!("{}: {} lines{lost}", log.source, log.lines.len());
            SourceRead::read(SOURCE, said)
        }
        Err(why) => SourceRead::not_readable(SOURCE, why.because).remedy(why.remedy),
    });
}

/// `[  123.456789] text`.
pub fn line(text: &str) -> LogLine {
    let parts = text
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "));
    let timed = parts.and_then(|(time, rest)| Some((micros(time)?, rest)));
    let (mono_us, text) = match timed {
        Some((us, rest)) => (Some(us), rest),
        None => (None, text),
    };
    LogLine {
        mono_us,
        from: "kernel".to_owned(),
        pid: None,
        text: text.to_owned(),
    }
}

/// `  123.456789`.
pub fn micros(time: &str) -> Option<u64> {
    let (seconds, us) = time.trim().split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let us: u64 = us.parse().ok().filter(|_| us.len() == 6)?;
    seconds.checked_mul(1_000_000)?.checked_add(us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_or_none() {
        let timed = line("[   12.345678] EXT4-fs (vda): recovery complete");
        assert_eq!(timed.mono_us, Some(12_345_678));
        assert_eq!(timed.text, "EXT4-fs (vda): recovery complete");
        for text in ["", "no time", "[x.y] z", "[ 1.5] z"] {
            let plain = line(text);
            assert_eq!((plain.mono_us, plain.text.as_str()), (None, text));
        }
    }
}
