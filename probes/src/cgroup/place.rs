//! Where in the file system a process's control group is.

use std::path::{Path, PathBuf};

use procfs::FromBufRead;
use procfs::ProcessCGroups;
use procfs::process::MountInfo;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub version: u8,
    /// Where the hierarchy is mounted: no group above it can be seen.
    pub top: PathBuf,
    pub directory: PathBuf,
}

impl Place {
    /// Where the group is found that has a process's `controller`, from the texts of its
    /// `cgroup` file and of our own `mountinfo`.
    pub fn find(membership: &str, mounts: &str, controller: &str) -> Option<Place> {
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
    pub fn way_up(&self) -> impl Iterator<Item = &Path> {
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
}
