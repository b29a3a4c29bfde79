//! A shutdown or a reboot in order, on record in the run's own boot.

use super::decide::{Answer, Question, RECORD_STOPS_US};
use super::found::{LogLine, WtmpKind, WtmpRecord};
use super::{RunEnding, killed};
use crate::verdict::{Confidence, Evidence};
use crate::words::duration;

/// A shutdown takes its time to end what runs: the record may go on for so long.
const GOES_ON_US: u64 = 120_000_000;
/// A boot begins at a whole second.
const CLOCK_US: u64 = 2_000_000;
/// Of the log before the shutdown, for who asked for it.
const ASKED_WITHIN_US: u64 = 15 * 60_000_000;

/// What a service manager or the kernel writes only when the whole system goes down.
const DOWN: [&str; 16] = [
    "Reached target shutdown.target",
    "Reached target System Shutdown",
    "Reached target Shutdown",
    "Reached target reboot.target",
    "Reached target System Reboot",
    "Reached target Reboot",
    "Reached target poweroff.target",
    "Reached target System Power Off",
    "Reached target Power-Off",
    "Reached target halt.target",
    "Reached target kexec.target",
    "Reached target System Halt",
    "Shutting down.",
    "Syncing filesystems and block devices",
    "Sending SIGTERM to remaining processes",
    "Powering off.",
];

const LOGIND: [&str; 6] = [
    "System is rebooting",
    "System is powering down",
    "System is halting",
    "The system will reboot now",
    "The system will power off now",
    "The system will halt now",
];

/// Who may have asked, in the words of whoever wrote it down.
const ASKERS: [&str; 14] = [
    "unattended-upgrade",
    "preempt",
    "Power key pressed",
    "power button",
    "spot",
    "termination notice",
    "instance-action",
    "kured",
    "COMMAND=/sbin/reboot",
    "COMMAND=/usr/sbin/reboot",
    "COMMAND=/usr/bin/systemctl reboot",
    "COMMAND=/sbin/shutdown",
    "COMMAND=/usr/sbin/shutdown",
    "qemu-ga",
];

pub fn shutdown(question: &Question<'_>) -> Option<Answer> {
    let logged = question.run_boot_from(GOES_ON_US).find(|it| is_down(it));
    let recorded = recorded(question);
    if logged.is_none() && recorded.is_none() {
        return None;
    }
    let mut evidence = Vec::new();
    let mut late_us = None;
    if let Some(line) = logged {
        evidence.push(Evidence::new("previous_boot_log", line.to_string()));
        late_us = question.record_stops_before(line.mono_us, RECORD_STOPS_US);
    }
    if let Some((wall_us, text)) = recorded {
        evidence.push(Evidence::new("wtmp", text));
        let after_us = wall_us.saturating_sub(question.run.last_wall_us);
        if logged.is_none() && question.run.is_sampled() && after_us > RECORD_STOPS_US {
            late_us = Some(after_us);
        }
    }
    if let Some(late_us) = late_us {
        evidence.push(Evidence::new(
            "journal",
            format!(
                "the record, written every second, stops {} before the shutdown: something else ended the run first",
                duration(late_us as f64 / 1e6)
            ),
        ));
        return Some(killed::unseen(evidence));
    }
    let asked = asked(question, logged);
    if let Some(line) = asked {
        evidence.push(Evidence::new("previous_boot_log", line.to_string()));
    }
    // Without samples nobody knows how long before the shutdown the run had ended; and a record of a
    // shutdown alone may be of a boot in between that nobody counted.
    let is_ours = logged.is_some() || question.next_boot_is_known();
    let sure = if question.run.is_sampled() && is_ours {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    Some(
        Answer::new(RunEnding::OrderlyShutdown, sure, evidence)
            .by(asked.map(|line| line.text.clone())),
    )
}

/// A user's own service manager goes down whenever that user logs out.
fn is_down(line: &LogLine) -> bool {
    let says = |texts: &[&str]| texts.iter().any(|it| line.text.contains(it));
    match line.from.as_str() {
        "systemd" => line.pid == Some(1) && says(&DOWN),
        "systemd-shutdown" => true,
        "systemd-logind" => says(&LOGIND),
        "kernel" => says(&["reboot: Restarting system", "reboot: Power down"]),
        "init" | "shutdown" => says(&[
            "Switching to runlevel: 0",
            "Switching to runlevel: 6",
            "shutting down for system",
        ]),
        _ => false,
    }
}

/// A record of a shutdown in the run's own boot: after its last record, and before the next boot's.
fn recorded(question: &Question<'_>) -> Option<(u64, String)> {
    let from_us = question
        .run
        .last_wall_us
        .saturating_sub(GOES_ON_US)
        .max(question.run_boot_wall_us());
    let to_us = question.next_boot_wall_us().saturating_add(CLOCK_US);
    let records = question.found.wtmp.as_ref()?;
    let is_boot = |it: &WtmpRecord| it.kind == WtmpKind::Boot;
    let last_us = question.run.last_wall_us;
    let booted = records
        .iter()
        .rposition(|it| is_boot(it) && it.wall_us <= last_us)
        .map_or(0, |place| place + 1);
    let shutdown = records
        .iter()
        .skip(booted)
        .take_while(|it| !is_boot(it))
        .find(|it| (from_us..=to_us).contains(&it.wall_us))?;
    Some((shutdown.wall_us, shutdown.text.clone()))
}

fn asked<'a>(question: &'a Question<'_>, down: Option<&LogLine>) -> Option<&'a LogLine> {
    let until_us = down.and_then(|line| line.mono_us).unwrap_or(u64::MAX);
    let said = |line: &&LogLine| {
        let text = line.text.to_ascii_lowercase();
        line.from != "kernel"
            && line.mono_us.is_some_and(|at| at <= until_us)
            && ASKERS
                .iter()
                .any(|it| text.contains(&it.to_ascii_lowercase()))
    };
    question.run_boot_from(ASKED_WITHIN_US).filter(said).last()
}
