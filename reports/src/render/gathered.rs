//! What was gathered about an ending, as far as it says something: a line each.

use crate::diagnose::{Scan, Source};
use crate::gathered::{CgroupCounters, Crash, DiskSpace, Gathered};
use crate::signal::signal_name;
use crate::words::{counted, size};

const KERNEL_LINES: usize = 6;
/// With less room than this a program that writes is about to fail.
const NEARLY_FULL_BYTES: u64 = 16 << 20;

pub fn facts(gathered: &Gathered) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(crash) = &gathered.crash {
        facts.push(("fault", fault(crash)));
    }
    if let Some(counted) = gathered.cgroup.as_ref().and_then(group) {
        facts.push(("control group", counted));
    }
    let logged = gathered.kernel_log.iter().flat_map(|log| &log.lines);
    let notable = logged.filter(|line| Scan::is_notable(Source::KernelLog, line));
    for line in notable.take(KERNEL_LINES) {
        facts.push(("kernel log", line.clone()));
    }
    for disk in &gathered.disks {
        if disk.free_bytes < NEARLY_FULL_BYTES || disk.free_inodes == Some(0) {
            facts.push(("disk", room(disk)));
        }
    }
    for missing in &gathered.not_readable {
        facts.push((
            "not readable",
            format!("{}: {}; {}", missing.what, missing.because, missing.remedy),
        ));
    }
    facts
}

fn fault(crash: &Crash) -> String {
    let mut text = match signal_name(crash.signal) {
        Some(name) => name.to_owned(),
        None => format!("signal {}", crash.signal),
    };
    if let Some(pid) = crash.sender_pid.filter(|_| crash.code <= 0) {
        text += &format!(" sent by process {pid}");
    } else if let Some(address) = crash.address {
        text += &format!(" at address {address:#x}");
    }
    if let Some(thread) = &crash.thread {
        text += &format!(", thread {thread}");
    }
    if let Some(frame) = crash.frames.first() {
        let module = frame.module.as_deref().unwrap_or("unknown code");
        text += &match &frame.symbol {
            Some(symbol) => format!(", in {symbol} ({module})"),
            None => format!(", in {module}+{:#x}", frame.offset),
        };
    }
    text
}

/// Nothing to tell of a group that others share, if it counted nothing.
fn group(counters: &CgroupCounters) -> Option<String> {
    let happened: Vec<String> = [
        (counters.limit_hits, "the memory limit reached", "time"),
        (counters.oom_kills, "ended by the OOM killer", "process"),
        (
            counters.pids_limit_hits,
            "the limit on processes reached",
            "time",
        ),
    ]
    .into_iter()
    .filter_map(|(n, what, unit)| {
        let n = usize::try_from(n.filter(|&n| n > 0)?).unwrap_or(usize::MAX);
        Some(match unit {
            "process" => format!("{} {what}", plural(n, "process", "processes")),
            unit => format!("{what} {}", counted(n, unit)),
        })
    })
    .collect();
    if happened.is_empty() && !counters.own {
        return None;
    }
    let mut parts = vec![
        if counters.own {
            "its own"
        } else {
            "shared with others"
        }
        .to_owned(),
    ];
    parts.extend(
        counters
            .memory_limit_bytes
            .map(|bytes| format!("limit {}", size(bytes))),
    );
    parts.extend(
        counters
            .memory_peak_bytes
            .map(|bytes| format!("peak {}", size(bytes))),
    );
    parts.extend(happened);
    Some(parts.join(", "))
}

fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn room(disk: &DiskSpace) -> String {
    let kind = disk.filesystem.as_deref().unwrap_or("unknown filesystem");
    let mut text = format!(
        "{} ({kind}): {} of {} free",
        disk.path,
        size(disk.free_bytes),
        size(disk.total_bytes)
    );
    if disk.free_inodes == Some(0) {
        text += ", and no file can be made";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gathered::NotReadable;

    #[test]
    fn what_says_nothing_is_left_out() {
        let quiet = Gathered {
            cgroup: Some(CgroupCounters {
                version: 2,
                oom_kills: Some(0),
                ..CgroupCounters::default()
            }),
            disks: vec![DiskSpace {
                path: "/tmp".into(),
                free_bytes: 1 << 30,
                total_bytes: 1 << 31,
                ..DiskSpace::default()
            }],
            ..Gathered::default()
        };
        assert!(facts(&quiet).is_empty());
    }

    #[test]
    fn a_kill_a_fault_a_full_disk_and_what_is_missing_are_told() {
        let gathered = Gathered {
            cgroup: Some(CgroupCounters {
                version: 2,
                own: true,
                memory_limit_bytes: Some(64 << 20),
                limit_hits: Some(3),
                oom_kills: Some(1),
                ..CgroupCounters::default()
            }),
            crash: Some(Crash {
                signal: 11,
                code: 1,
                address: Some(16),
                ..Crash::default()
            }),
            disks: vec![DiskSpace {
                path: "/dev/shm".into(),
                filesystem: Some("tmpfs".into()),
                total_bytes: 64 << 20,
                ..DiskSpace::default()
            }],
            not_readable: vec![NotReadable {
                what: "kernel log".into(),
                because: "no permission".into(),
                remedy: "run as root".into(),
            }],
            ..Gathered::default()
        };
        let told: Vec<String> = facts(&gathered)
            .into_iter()
            .map(|(name, text)| format!("{name}: {text}"))
            .collect();
        assert_eq!(
            told,
            [
                "fault: SIGSEGV at address 0x10",
                "control group: its own, limit 64.0 MiB, the memory limit reached 3 times, 1 process ended by the OOM killer",
                "disk: /dev/shm (tmpfs): 0 B of 64.0 MiB free",
                "not readable: kernel log: no permission; run as root",
            ]
        );
    }
}
