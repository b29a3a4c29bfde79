//! The control group that a process is in: the memory it has charged, and the tightest limits on
//! the way up. Version 2, version 1, and the mixture of both.

use std::path::{Path, PathBuf};

use procfs::FromBufRead;
use procfs::ProcessCGroups;
use procfs::process::MountInfo;

use crate::read::Reader;

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
    let membership = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let place = Place::find(&membership, &mounts, "cpu")?;
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

fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < NO_LIMIT)
}

/// `QUOTA PERIOD`, where a quota of `max` or -1 is none.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0).then(|| quota as f64 / period as f64)
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    version: u8,
    /// Where the hierarchy is mounted: no group above it can be seen.
    top: PathBuf,
    directory: PathBuf,
}

impl Place {
    /// Where the group is found that has a process's `controller`, from the texts of its
    /// `cgroup` file and of our own `mountinfo`.
    fn find(membership: &str, mounts: &str, controller: &str) -> Option<Place> {
        let groups = ProcessCGroups::from_buf_read(membership.as_bytes()).ok()?.0;
        let counted_in_1 = groups
            .iter()
            .find(|group| group.controllers.iter().any(|name| name == controller));
        let group = counted_in_1.or_else(|| groups.iter().find(|group| group.hierarchy == 0))?;
        let version = if counted_in_1.is_some() { 1 } else { 2 };

        mounts
            .lines()
            .filter_map(|line| MountInfo::from_line(line).ok())
            .filter(|mount| match version {
                1 => mount.fs_type == "cgroup" && mount.super_options.contains_key(controller),
                _ => mount.fs_type == "cgroup2",
            })
            .filter_map(|mount| {
                // A container may have mounted a group of the host's as its root.
                let inside = Path::new(&group.pathname).strip_prefix(&mount.root).ok()?;
                // A process outside of our cgroup namespace: its group can't be reached from here.
                let outside = inside
                    .components()
                    .any(|part| part == std::path::Component::ParentDir);
                (!outside).then(|| (mount.root.len(), inside.to_owned(), mount.mount_point))
            })
            // The same hierarchy may be mounted several times; the widest view sees most limits.
            .min_by_key(|(root, ..)| *root)
            .map(|(_, inside, top)| Place {
                version,
                directory: top.join(inside),
                top,
            })
    }

    /// The group and all those around it, from the inside out.
    fn way_up(&self) -> impl Iterator<Item = &Path> {
        self.directory
            .ancestors()
            .take_while(|group| group.starts_with(&self.top))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const HYBRID: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    fn place(membership: &str, mounts: &str) -> Option<(u8, String)> {
        let place = Place::find(membership, mounts, "memory")?;
        Some((place.version, place.directory.to_str().unwrap().to_owned()))
    }

    #[test]
    fn a_group_is_found_in_every_layout() {
        let unit = "0::/system.slice/llava.service\n";
        assert_eq!(
            place(unit, V2),
            Some((2, "/sys/fs/cgroup/system.slice/llava.service".into()))
        );
        let mixed = "9:name=systemd:/\n4:memory:/jobs/7\n1:cpu,cpuacct:/\n0::/\n";
        assert_eq!(
            place(mixed, HYBRID),
            Some((1, "/sys/fs/cgroup/memory/jobs/7".into()))
        );
        let root = place("0::/\n", V2).unwrap();
        assert_eq!(root.1.trim_end_matches('/'), "/sys/fs/cgroup");
    }

    #[test]
    fn a_containers_mount_starts_at_its_own_group() {
        let mounts = "77 70 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let at = |path: &str| place(&format!("4:memory:{path}\n"), mounts);
        assert_eq!(
            at("/docker/abc/inner"),
            Some((1, "/sys/fs/cgroup/memory/inner".into()))
        );
        assert_eq!(at("/docker/abcd"), None);
        assert_eq!(place("0::/../../other\n", V2), None);
        assert_eq!(
            place(
                "0::/x\n",
                "30 23 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
            ),
            None
        );
    }

    #[test]
    fn the_way_up_ends_where_the_hierarchy_is_mounted() {
        let found = Place::find("0::/a/b\n", V2, "memory").unwrap();
        let way: Vec<&Path> = found.way_up().collect();
        assert_eq!(
            way,
            ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"].map(Path::new)
        );
    }

    #[test]
    fn malformed_texts_find_nothing() {
        for text in ["", ":", "::", "x:memory:/", "4:memory", "\n\n", "0::"] {
            for mounts in ["", "30", "30 23 0:26 / /sys/fs/cgroup", "- cgroup2", HYBRID] {
                let found = Place::find(text, mounts, "memory");
                assert!(found.is_none(), "{text:?} in {mounts:?}: {found:?}");
            }
        }
        let broken = format!("30 23 0:26 / /sys\n\nnonsense\n{V2}");
        assert!(Place::find("0::/a\n", &broken, "memory").is_some());
    }

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
