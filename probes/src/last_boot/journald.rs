//! The log of the boot that the run was in, as systemd's journal has it. Boots are asked for by
//! their id, so that no other boot can be taken for it.

use std::process::Command;
use std::time::Duration;

use crashpoint_reports::recovery::{Found, LogLine, SourceRead};

use super::Asked;
use super::boot_log::micros;
use super::root::Root;
use crate::bounded;

const SOURCE: &str = "journal of the run's boot";
const ANSWERS: Duration = Duration::from_secs(5);
const MOST_BYTES: u64 = 4 << 20;
/// Before the last record: who asked for a shutdown is written then.
const BEFORE_S: u64 = 900;
const LAST_LINES: &str = "500";

const PERSISTENT: &str =
    "sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald";
const ALLOWED: &str = "sudo usermod -aG systemd-journal $USER; or sudo crashpoint recover RUN";

pub fn look(root: &Root, asked: &Asked, same_boot: bool, found: &mut Found) {
    if !root.is_the_machine() {
        return;
    }
    let id: String = asked.boot_id.chars().filter(|it| *it != '-').collect();
    if id.len() != 32 || !id.chars().all(|it| it.is_ascii_hexdigit()) {
        found
            .sources
            .push(SourceRead::absent(SOURCE, "the run's record names no boot"));
        return;
    }
    if !same_boot {
        let boots = ask(&["--list-boots"]).unwrap_or_default();
        found.boots_since = boots_since(&boots, &id);
    }
    let kernel = ask(&["-k", "-b", &id, "-o", "short-monotonic"]);
    let source = match kernel {
        Err(why) if is_not_installed(&why) => {
            SourceRead::absent(SOURCE, "there is no journalctl here")
        }
        Err(why) => {
            SourceRead::absent(SOURCE, format!("journalctl -b {id}: {why}")).remedy(PERSISTENT)
        }
        Ok(kernel) if kernel.trim().is_empty() => SourceRead::not_readable(
            SOURCE,
            "not one line of that boot's kernel can be seen: it was not kept, or may not be read",
        )
        .remedy(format!("{ALLOWED}; {PERSISTENT}")),
        Ok(kernel) => {
            let since = format!(
                "@{}",
                (asked.last_wall_us / 1_000_000).saturating_sub(BEFORE_S)
            );
            let around = ask(&["-b", &id, "-o", "short-monotonic", "--since", &since]);
            let end = ask(&["-b", &id, "-o", "short-monotonic", "-n", LAST_LINES]);
            let lines = merged(&[
                &kernel,
                &around.unwrap_or_default(),
                &end.unwrap_or_default(),
            ]);
            let said = format!("{} lines of boot {id}", lines.len());
            found.run_boot = Some(lines);
            SourceRead::read(SOURCE, said)
        }
    };
    found.sources.push(source);
}

fn ask(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("journalctl");
    command.args(["--no-pager", "-q"]).args(arguments);
    bounded::output(&mut command, ANSWERS, MOST_BYTES)
}

fn is_not_installed(why: &str) -> bool {
    why.contains("(os error 2)")
}

/// How many boots the list has after this one. `-1 0123... Mon 2026-11-23 14:02:11 UTC—...`
fn boots_since(list: &str, id: &str) -> Option<u32> {
    let ids: Vec<&str> = list
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let _number: i64 = words.next()?.parse().ok()?;
            words.next()
        })
        .collect();
    let place = ids.iter().position(|it| *it == id)?;
    u32::try_from(ids.len() - 1 - place).ok()
}

/// In the order of time, each line once.
fn merged(texts: &[&str]) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(line)
        .collect();
    lines.sort_by(|a, b| {
        (a.mono_us, &a.from, a.pid, &a.text).cmp(&(b.mono_us, &b.from, b.pid, &b.text))
    });
    lines.dedup();
    lines
}

/// `[   12.345678] host systemd[1]: text`. What has no time goes on from the line before it.
fn line(text: &str) -> Option<LogLine> {
    let (time, rest) = text.trim_start().strip_prefix('[')?.split_once("] ")?;
    let mono_us = micros(time)?;
    let (_host, rest) = rest.split_once(' ')?;
    let (who, text) = rest.split_once(": ")?;
    let (from, pid) = match who.strip_suffix(']').and_then(|who| who.rsplit_once('[')) {
        Some((from, pid)) => (from, pid.parse().ok()),
        None => (who, None),
    };
    Some(LogLine {
        mono_us: Some(mono_us),
        from: from.to_owned(),
        pid,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_writer_and_come_once_in_the_order_of_time() {
        let kernel = "[    0.000000] gpu-box kernel: Linux version 6.12.1\n[   90.000001] gpu-box kernel: NVRM: Xid (PCI:0000:01:00): 79, x\n";
        let end = "[   90.000001] gpu-box kernel: NVRM: Xid (PCI:0000:01:00): 79, x\n[   91.500000] gpu-box systemd[1]: Reached target reboot.target - System Reboot.\n   and a second line\n[   91.400000] gpu-box systemd[812]: Stopped target default.target.\n-- No entries --\n";
        let lines = merged(&[kernel, end]);
        let told: Vec<(u64, &str, Option<i32>)> = lines
            .iter()
            .map(|it| (it.mono_us.unwrap(), it.from.as_str(), it.pid))
            .collect();
        assert_eq!(
            told,
            [
                (0, "kernel", None),
                (90_000_001, "kernel", None),
                (91_400_000, "systemd", Some(812)),
                (91_500_000, "systemd", Some(1)),
            ]
        );
        assert_eq!(
            lines[3].text,
            "Reached target reboot.target - System Reboot."
        );
    }

    #[test]
    fn boots_after_the_runs_are_counted() {
        let (a, b, c) = ("a".repeat(32), "b".repeat(32), "c".repeat(32));
        let list = format!(
            "IDX BOOT ID FIRST ENTRY LAST ENTRY\n -2 {a} Mon 2026-11-23 14:02:11 UTC Mon 2026-11-23 15:00:00 UTC\n -1 {b} Mon x\n  0 {c} Mon x\n"
        );
        assert_eq!(boots_since(&list, &a), Some(2));
        assert_eq!(boots_since(&list, &b), Some(1));
        assert_eq!(boots_since(&list, &"d".repeat(32)), None);
        assert_eq!(boots_since("", &a), None);
    }
}
