//! Whether what is written to this filesystem is there after a reset.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::place::Place;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "filesystem",
    matters: "a record is worth as much as what keeps it: memory and a container's layer go, a server may not have written what it confirmed",
};

/// They bring an acknowledged write back after a reset by themselves.
const LASTING: [&str; 9] = [
    "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "jfs", "nilfs2",
];
const MEMORY: [&str; 4] = ["tmpfs", "ramfs", "devtmpfs", "rootfs"];
const CONTAINER: [&str; 2] = ["overlay", "aufs"];
const READ_ONLY: [&str; 4] = ["squashfs", "iso9660", "erofs", "cramfs"];
const FAR_AWAY: [&str; 14] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ceph",
    "glusterfs",
    "lustre",
    "gpfs",
    "beegfs",
    "afs",
    "9p",
    "virtiofs",
    "fuse",
];

const ELSEWHERE: &str = "crashpoint run --out /a/folder/on/a/local/disk";

pub(super) fn check(place: &Place) -> Check {
    let kind = place.mount.fs_type.as_str();
    let seen = format!(
        "{} is on {kind}, mounted at {}",
        place.folder.display(),
        place.point()
    );
    let is = |kinds: &[&str]| kinds.contains(&kind);
    // After an error Linux shows the first of the last two, and still `rw`.
    let stopped = ["ro", "emergency_ro", "shutdown"];
    if is(&READ_ONLY) || stopped.iter().any(|it| place.option(it).is_some()) {
        return ABOUT.bad(format!("{seen}, read-only"), &[ELSEWHERE]);
    }
    if is(&MEMORY) {
        return ABOUT.bad(format!("{seen}: memory, lost at a reset"), &[ELSEWHERE]);
    }
    // The second is how newer kernels write it.
    let volatile = place.option("volatile").is_some() || place.option("fsync") == Some("volatile");
    if is(&CONTAINER) && volatile {
        let seen = format!("{seen}, volatile: a flush does nothing");
        return ABOUT.bad(
            seen,
            &["# mount a volume of the host into the container, and name it with --out"],
        );
    }
    if is(&CONTAINER) {
        return ABOUT.doubtful(
            format!("{seen}: a container's own layer goes with the container"),
            &["# mount a volume of the host into the container (docker run -v /var/lib/crashpoint:/runs), and name it with --out"],
        );
    }
    if is(&FAR_AWAY) || kind.starts_with("fuse.") {
        return ABOUT.doubtful(
            format!("{seen}: locks and flushes there are as good as its server"),
            &[ELSEWHERE],
        );
    }
    if is(&LASTING) {
        return ABOUT.good(seen);
    }
    ABOUT.doubtful(
        format!("{seen}: it keeps no journal of its own, or is not known here"),
        &[ELSEWHERE],
    )
}

#[cfg(test)]
mod tests {
    use super::super::place::on;
    use super::*;
    use crashpoint_reports::checkup::State;

    fn state(kind: &str, options: &str) -> State {
        check(&on(&format!("30 1 8:1 / / rw - {kind} source {options}"))).state
    }

    #[test]
    fn each_kind_is_judged_by_what_it_keeps() {
        for (kind, expected) in [
            ("ext4", State::Good),
            ("btrfs", State::Good),
            ("tmpfs", State::Bad),
            ("squashfs", State::Bad),
            ("overlay", State::Doubtful),
            ("nfs4", State::Doubtful),
            ("fuse.sshfs", State::Doubtful),
            ("fuseblk", State::Doubtful),
            ("vfat", State::Doubtful),
        ] {
            assert_eq!(state(kind, "rw"), expected, "{kind}");
        }
        assert_eq!(state("overlay", "rw,lowerdir=/a,volatile"), State::Bad);
        assert_eq!(state("overlay", "rw,fsync=volatile"), State::Bad);
        assert_eq!(state("ext4", "ro"), State::Bad);
        assert_eq!(
            state("ext4", "rw,errors=remount-ro,emergency_ro"),
            State::Bad
        );
    }

    #[test]
    fn a_mount_that_is_read_only_alone_is_seen_too() {
        let place = on("30 1 8:1 / /data ro,relatime - ext4 /dev/sda1 rw");
        assert_eq!(check(&place).state, State::Bad);
    }
}
