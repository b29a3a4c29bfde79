//! Which mount a path is on.

use std::path::Path;

use procfs::process::MountInfo;

/// From the text of a `mountinfo` file (proc_pid_mountinfo(5)). `path` has no links in it.
pub(crate) fn nearest(mounts: &str, path: &Path) -> Option<MountInfo> {
    mounts
        .lines()
        .filter_map(|line| MountInfo::from_line(line).ok())
        .filter(|mount| path.starts_with(&mount.mount_point))
        // Of two on one point the later one covers the earlier.
        .max_by_key(|mount| mount.mount_point.components().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_counts_and_the_last_on_it() {
        let mounts = "\
27 1 8:1 / / rw - ext4 /dev/sda1 rw
28 27 8:2 / /data rw - xfs /dev/sda2 rw
29 28 0:40 / /data rw - tmpfs tmpfs rw
nonsense
";
        let on = |path: &str| nearest(mounts, Path::new(path)).map(|mount| mount.fs_type);
        assert_eq!(on("/data/runs").as_deref(), Some("tmpfs"));
        assert_eq!(on("/database").as_deref(), Some("ext4"));
        assert_eq!(nearest("", Path::new("/")).map(|mount| mount.fs_type), None);
    }
}
