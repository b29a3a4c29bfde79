//! Groups of runs that are dead: found by their name, which says whose they are.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::own::remove;
use super::place::Place;
use crate::boot;

const PREFIX: &str = "crashpoint";
/// Of a large machine; what lies beyond is found by a run that starts nearer to it.
const MOST_DIRECTORIES: usize = 10_000;

/// `crashpoint-NAMESPACE-PID-TICKS-N`: the process that made it, so that nobody else's is removed.
pub fn name(n: u32) -> String {
    let pid = std::process::id().cast_signed();
    let ticks = boot::process_start_ticks(pid).unwrap_or(0);
    format!("{PREFIX}-{}-{pid}-{ticks}-{n}", namespace())
}

/// A pid means something only within it.
fn namespace() -> u64 {
    boot::pid_namespace()
        .and_then(|text| text.split(['[', ']']).nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// Whether the process that made the group of this name is gone, as far as we can tell.
fn is_dead(name: &str) -> bool {
    let mut parts = name.split('-');
    if parts.next() != Some(PREFIX) {
        return false;
    }
    let numbers: Vec<u64> = parts.filter_map(|part| part.parse().ok()).collect();
    let [of_namespace, pid, ticks, _] = numbers[..] else {
        return false;
    };
    let Ok(pid) = i32::try_from(pid) else {
        return false;
    };
    of_namespace == namespace() && boot::process_start_ticks(pid) != Some(ticks)
}

/// Removes the groups of runs that are dead, and ends what is in them.
pub fn remove_leftovers() {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (membership, mounts) = (read("/proc/self/cgroup"), read("/proc/self/mountinfo"));
    let tops: Vec<PathBuf> = ["memory", "pids"]
        .iter()
        .filter_map(|controller| Place::find(&membership, &mounts, controller))
        .map(|place| place.top)
        .collect();
    let mut found = Vec::new();
    let mut waiting = tops;
    let mut seen = 0;
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            seen += 1;
            if entry.file_name().to_str().is_some_and(is_dead) {
                found.push(entry.path());
            } else if seen < MOST_DIRECTORIES {
                waiting.push(entry.path());
            }
        }
    }
    if !found.is_empty() {
        remove(&found);
    }
}

/// SIGKILL to every process of a group. A handle is taken first and membership looked at again, so
/// that a number that went to somebody else meanwhile is left alone.
pub fn kill(group: &Path) {
    let members = || -> Vec<i32> {
        fs::read_to_string(group.join("cgroup.procs"))
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.parse().ok())
            .collect()
    };
    let handles: Vec<_> = members()
        .into_iter()
        .filter_map(|pid| {
            let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
            Some((pid, handle))
        })
        .collect();
    let still = members();
    for (_, handle) in handles.iter().filter(|(pid, _)| still.contains(pid)) {
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_run_of_this_namespace_leaves_something_over() {
        let ours = name(3);
        assert!(!is_dead(&ours), "{ours}");
        let pid = std::process::id();
        let earlier = format!("crashpoint-{}-{pid}-1-3", namespace());
        assert!(is_dead(&earlier), "{earlier}");
        let elsewhere = format!("crashpoint-{}-{pid}-1-3", namespace() + 1);
        for other in [&elsewhere, "crashpoint", "crashpoint-1-2", "init.scope", ""] {
            assert!(!is_dead(other), "{other}");
        }
    }
}
