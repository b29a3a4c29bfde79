//! The control group that a process is in: the memory it has charged, and the tightest limits on
//! the way up. Version 2, version 1, and the mixture of both.

mod counters;
mod leftovers;
mod own;
mod place;

pub use counters::Counters;
pub use own::{Limits, NoGroup, OwnGroup, remove};

use crate::read::Reader;
use place::Place;

/// Version 1 writes "no limit" as the largest number of pages that it can count.
const NO_LIMIT: u64 = 1 << 62;

/// Holds its files open: a reading costs microseconds. A process that moves to another group, or a
/// group that is removed, calls for a new one.
#[derive(Debug)]
pub struct Cgroup {
    version: u8,
    memory: Option<Reader>,
    limits: Vec<Reader>,
    /// Version 1 tells of limits above what a container can see in its statistics only.
    statistics: Option<Reader>,
}

impl Cgroup {
    /// `None` if the process is gone or no hierarchy that counts memory is mounted.
    pub fn of(pid: i32) -> Option<Cgroup> {
        let membership = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        Cgroup::from_membership(&membership)
    }

    /// From the text of `/proc/PID/cgroup`.
    pub(crate) fn from_membership(membership: &str) -> Option<Cgroup> {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let place = Place::find(membership, &mounts, "memory")?;
        let (usage, limit) = match place.version {
            1 => ("memory.usage_in_bytes", "memory.limit_in_bytes"),
            _ => ("memory.current", "memory.max"),
        };
        Some(Cgroup {
            version: place.version,
            memory: Reader::open(place.directory.join(usage)),
            limits: place
                .way_up()
                .filter_map(|group| Reader::open(group.join(limit)))
                .collect(),
            statistics: (place.version == 1)
                .then(|| Reader::open(place.directory.join("memory.stat")))
                .flatten(),
        })
    }

    /// Of the hierarchy that counts memory: 1 or 2.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// What the group has charged now, page cache included. The root of version 2 does not say.
    pub fn memory_bytes(&mut self) -> Option<u64> {
        self.memory.as_mut()?.text()?.trim().parse().ok()
    }

    /// The tightest limit on the way up; `None` if there is none.
    pub fn memory_limit_bytes(&mut self) -> Option<u64> {
        let above = self.statistics.as_mut().and_then(|statistics| {
            let text = statistics.text()?;
            limit(
                text.lines()
                    .find_map(|line| line.strip_prefix("hierarchical_memory_limit "))?,
            )
        });
        let seen = self
            .limits
            .iter_mut()
            .filter_map(|reader| limit(reader.text()?))
            .min();
        seen.into_iter().chain(above).min()
    }
}

/// The tightest processor quota of a process's groups, in processors; `None` if there is none.
pub fn cpu_limit(pid: i32) -> Option<f64> {
    let (place, _) = placed(pid, "cpu")?;
    let quotas = place.way_up().filter_map(|group| {
        let text = |name: &str| std::fs::read_to_string(group.join(name)).ok();
        match place.version {
            1 => quota(&format!(
                "{} {}",
                text("cpu.cfs_quota_us")?.trim(),
                text("cpu.cfs_period_us")?.trim()
            )),
            _ => quota(&text("cpu.max")?),
        }
    });
    quotas.min_by(f64::total_cmp)
}

/// The tightest limit on processes and threads of a process's groups; `None` if there is none.
pub fn process_limit(pid: i32) -> Option<u64> {
    let (place, _) = placed(pid, "pids")?;
    let limits = place.way_up().filter_map(|group| {
        let text = std::fs::read_to_string(group.join("pids.max")).ok()?;
        limit(&text)
    });
    limits.min()
}

/// Which devices a process's group may open, a line each. Version 2 decides by a program that cannot be read.
pub fn device_list(pid: i32) -> Option<String> {
    let (place, is_own) = placed(pid, "devices")?;
    is_own
        .then(|| std::fs::read_to_string(place.directory.join("devices.list")).ok())
        .flatten()
}

/// And whether it is a hierarchy of version 1, with this controller.
fn placed(pid: i32, controller: &str) -> Option<(Place, bool)> {
    let membership = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let place = Place::find(&membership, &mounts, controller)?;
    let is_version_1 = place.version == 1;
    Some((place, is_version_1))
}

fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < NO_LIMIT)
}

/// `QUOTA PERIOD`, where a quota of `max` or -1 is none.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0).then(|| quota as f64 / period as f64)
}

/// A membership and the mounts that it is looked up in, then the texts of a group's files.
#[cfg(fuzzing)]
pub(crate) fn fuzz(text: &str) {
    let (membership, mounts) = text.split_once('\0').unwrap_or((text, text));
    for controller in ["memory", "pids"] {
        let _ = Place::find(membership, mounts, controller);
    }
    let _ = limit(text);
    let _ = quota(text);
    let _ = counters::keyed(text, "oom_kill");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_no_number() {
        assert_eq!(limit("max\n"), None);
        assert_eq!(limit("9223372036854771712\n"), None);
        assert_eq!(limit("1048576\n"), Some(1_048_576));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("-1 100000"), None);
        assert_eq!(quota("150000 100000\n"), Some(1.5));
        assert_eq!(quota("1 0"), None);
    }

    #[test]
    fn the_tightest_limit_counts() {
        let root = std::env::temp_dir().join(format!("crashpoint-cgroup-{}", std::process::id()));
        let files = ["outer", "middle", "inner"].map(|name| root.join(name));
        std::fs::create_dir_all(&root).unwrap();
        for (file, text) in files.iter().zip(["4096\n", "max\n", "8192\n"]) {
            std::fs::write(file, text).unwrap();
        }
        let mut group = Cgroup {
            version: 1,
            memory: None,
            limits: files.iter().filter_map(Reader::open).collect(),
            statistics: None,
        };
        assert_eq!(group.memory_limit_bytes(), Some(4096));
        std::fs::write(
            root.join("statistics"),
            "cache 0\nhierarchical_memory_limit 1024\nrss 0\n",
        )
        .unwrap();
        group.statistics = Reader::open(root.join("statistics"));
        assert_eq!(group.memory_limit_bytes(), Some(1024));
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn our_own_group_is_read_where_memory_is_counted() {
        let Some(mut group) = Cgroup::of(i32::try_from(std::process::id()).unwrap()) else {
            return;
        };
        // The root of version 2 has no such file.
        if let Some(memory) = group.memory_bytes() {
            assert!(memory > 0);
        }
        assert!(
            group
                .memory_limit_bytes()
                .is_none_or(|bytes| bytes < NO_LIMIT)
        );
        assert!(Cgroup::of(i32::MAX).is_none());
    }
}
