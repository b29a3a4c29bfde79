//! What the kernel has logged already: Xids of the GPU's driver, and processes that ended for want of memory.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::diagnose::Fact;
use crashpoint_reports::knowledge::{Parser, xid};

use super::about::About;
use super::worst::Worst;
use crate::{bounded, kernel_log};

pub(super) const XIDS: About = About {
    topic: Topic::Gpu,
    name: "recent Xids",
    matters: "the driver tells of a fault by an Xid, often days before it is fatal",
};

pub(super) const OOM: About = About {
    topic: Topic::Limits,
    name: "recent OOM kills",
    matters: "where the kernel has ended processes for want of memory it will do so again",
};

const ANSWERS: Duration = Duration::from_secs(4);
const MOST_BYTES: u64 = 8 << 20;
const MOST_NAMES: usize = 5;

/// The kernel's lines, by the boot that they are of.
#[derive(Debug, Default)]
pub(super) struct Logs {
    pub this_boot: Option<Vec<String>>,
    pub last_boot: Option<Vec<String>>,
}

pub(super) fn logs() -> Logs {
    let mut command = Command::new("journalctl");
    command.args(["-k", "-b", "-1", "--no-pager", "-q", "-o", "cat"]);
    let last = bounded::output(&mut command, ANSWERS, MOST_BYTES).ok();
    Logs {
        this_boot: kernel_log::of_this_boot().ok().map(|log| log.lines),
        last_boot: last
            .map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|lines| !lines.is_empty()),
    }
}

impl Logs {
    fn each(&self) -> [(&'static str, &Option<Vec<String>>); 2] {
        [
            ("this boot", &self.this_boot),
            ("the boot before", &self.last_boot),
        ]
    }

    /// Of which boots nothing can be seen.
    fn unseen(&self) -> String {
        let unseen = self.each().into_iter().filter(|(_, lines)| lines.is_none());
        let names: Vec<&str> = unseen.map(|(name, _)| name).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(
                "the kernel's log of {} cannot be seen",
                names.join(" and of ")
            ),
        }
    }
}

pub(super) fn xids(logs: &Logs) -> Check {
    let mut worst = Worst::default();
    for (boot, lines) in logs.each() {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for line in lines.iter().flatten() {
            if let Some(Fact::Xid(xid)) = Fact::of(Parser::Xid, line) {
                *counts.entry(xid.number).or_default() += 1;
            }
        }
        for (number, times) in counts {
            let known = xid(number);
            let name = known.map_or("of no known meaning", |it| it.name);
            let explain = format!("crashpoint explain Xid {number}");
            worst.doubtful(
                format!("{boot}: Xid {number} ({name}), {}", times_of(times)),
                &[&explain],
            );
        }
    }
    told(worst, &XIDS, logs)
}

pub(super) fn oom_kills(logs: &Logs) -> Check {
    let mut worst = Worst::default();
    for (boot, lines) in logs.each() {
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for line in lines.iter().flatten() {
            // Of the several lines of one kill the one that says who was.
            let is_kill = line.contains("Killed process") || line.contains("killed process");
            if let Some(Fact::KernelOom(oom)) =
                Fact::of(Parser::KernelOom, line).filter(|_| is_kill)
            {
                *names
                    .entry(oom.name.unwrap_or_else(|| "?".to_owned()))
                    .or_default() += 1;
            }
        }
        if names.is_empty() {
            continue;
        }
        let total: usize = names.values().sum();
        let shown: Vec<&str> = names.keys().take(MOST_NAMES).map(String::as_str).collect();
        worst.doubtful(
            format!("{boot}: {}, of {}", times_of(total), shown.join(", ")),
            &["# give the service a memory limit below the machine's (MemoryMax=), and models a budget"],
        );
    }
    told(worst, &OOM, logs)
}

fn told(mut worst: Worst, about: &About, logs: &Logs) -> Check {
    let unseen = logs.unseen();
    if logs.this_boot.is_none() && logs.last_boot.is_none() {
        return about.not_readable(
            unseen,
            &["# run as root, or: sudo sysctl kernel.dmesg_restrict=0; in a container: --device /dev/kmsg --cap-add SYSLOG"],
        );
    }
    if !unseen.is_empty() {
        worst.good(format!("none otherwise; {unseen}"));
    }
    worst.check(about, "none in this boot and the one before")
}

fn times_of(n: usize) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    fn lines(text: &str) -> Option<Vec<String>> {
        Some(text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn what_was_logged_is_counted_by_boot() {
        let logs = Logs {
            this_boot: lines("usb 1-1: new device"),
            last_boot: lines(
                "NVRM: Xid (PCI:0000:01:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.\n\
                 Out of memory: Killed process 4711 (python3) total-vm:1kB, anon-rss:1kB\n\
                 oom_reaper: reaped process 4711 (python3), now anon-rss:0kB\n",
            ),
        };
        let found = xids(&logs);
        assert_eq!(found.state, State::Doubtful);
        assert!(
            found.seen.contains("the boot before: Xid 79 ("),
            "{}",
            found.seen
        );
        assert_eq!(found.remedy, ["crashpoint explain Xid 79"]);
        let killed = oom_kills(&logs);
        assert!(
            killed.seen.contains("the boot before: once, of python3"),
            "{}",
            killed.seen
        );
        let quiet = Logs {
            last_boot: None,
            ..logs
        };
        let found = xids(&quiet);
        assert_eq!(found.state, State::Good);
        assert!(
            found.seen.contains("of the boot before cannot be seen"),
            "{}",
            found.seen
        );
        assert_eq!(oom_kills(&Logs::default()).state, State::NotReadable);
    }
}
