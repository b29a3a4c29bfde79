//! The limits of the control group that this process is in itself: never those of its parents,
//! which others share.

use std::fs;
use std::path::PathBuf;

/// Of memory, in bytes.
pub fn memory_limit() -> Option<u64> {
    limit("memory", "memory.limit_in_bytes", "memory.max")
}

/// Of processes and threads.
pub fn pids_limit() -> Option<u64> {
    limit("pids", "pids.max", "pids.max")
}

/// `None` without a limit, or where the group cannot be seen.
fn limit(controller: &str, in_v1: &str, in_v2: &str) -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let file = place(&groups, controller)?;
    let name = if file.0 { in_v2 } else { in_v1 };
    fs::read_to_string(file.1.join(name))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Whether it is version 2, and the group's folder. The first version counts where it has the
/// controller at all.
fn place(groups: &str, controller: &str) -> Option<(bool, PathBuf)> {
    let lines = || {
        groups.lines().filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            rest.split_once(':')
        })
    };
    let folder = |root: &str, path: &str| PathBuf::from(format!("{root}{path}"));
    let first = lines().find(|(names, _)| names.split(',').any(|name| name == controller));
    if let Some((_, path)) = first {
        return Some((false, folder(&format!("/sys/fs/cgroup/{controller}"), path)));
    }
    let (_, path) = lines().find(|(names, _)| names.is_empty())?;
    Some((true, folder("/sys/fs/cgroup", path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_either_version_is_found() {
        let mixed = "9:name=systemd:/\n4:memory:/batch/7\n8:cpu,pids:/p\n0::/unified\n";
        assert_eq!(
            place(mixed, "memory"),
            Some((false, "/sys/fs/cgroup/memory/batch/7".into()))
        );
        assert_eq!(
            place(mixed, "pids"),
            Some((false, "/sys/fs/cgroup/pids/p".into()))
        );
        assert_eq!(
            place("0::/user.slice/a.scope\n", "memory"),
            Some((true, "/sys/fs/cgroup/user.slice/a.scope".into()))
        );
        assert_eq!(place("", "memory"), None);
    }
}
