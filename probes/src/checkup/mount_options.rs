//! Options of a mount that take away what a flush promises: ext4(5), xfs(5), btrfs(5), and the
//! kernel's `Documentation/filesystems/f2fs.rst`.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::block_device;
use super::machine::Machine;
use super::place::Place;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "mount options",
    matters: "without barriers the disk may write in any order and keep an acknowledged record in its cache, where a power cut finds it",
};

pub(super) fn check(machine: &Machine, place: &Place) -> Check {
    let point = place.point();
    let has = |name: &str, value: &str| place.option(name) == Some(value);
    if has("nobarrier", "") || has("barrier", "0") || has("fsync_mode", "nobarrier") {
        let fix = match place.mount.fs_type.as_str() {
            "f2fs" => format!("sudo mount -o remount,fsync_mode=posix {point}"),
            "btrfs" => format!("sudo mount -o remount,barrier {point}"),
            _ => format!("sudo mount -o remount,barrier=1 {point}"),
        };
        let seen = format!("{point}: barriers are off");
        let remedy = [fix.as_str(), "# and in /etc/fstab, for the next boot"];
        // A cache that is written through has nothing to be flushed.
        let through = block_device::under(machine, place).is_some_and(|disks| {
            disks
                .iter()
                .all(|disk| disk.cache.as_deref() == Some("write through"))
        });
        return if through {
            ABOUT.doubtful(
                format!("{seen}, and the device says that it writes through"),
                &remedy,
            )
        } else {
            ABOUT.bad(seen, &remedy)
        };
    }
    for (name, value, what) in [
        (
            "data",
            "writeback",
            "data=writeback: after a reset the end of a file can be another file's old bytes, which the record's own check finds out",
        ),
        (
            "journal_async_commit",
            "",
            "journal_async_commit: the filesystem's journal can be damaged by a power cut",
        ),
    ] {
        if has(name, value) {
            let remedy = format!("# take {name} out of /etc/fstab for {point}, and mount it anew");
            return ABOUT.doubtful(format!("{point}: {what}"), &[&remedy]);
        }
    }
    ABOUT.good(format!(
        "{point}: none that takes flushes or their order away"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::super::place::on;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_mount_without_barriers_is_bad_unless_there_is_no_cache() {
        let other = Other::new(
            "options",
            &[("/sys/devices/sda/queue/write_cache", "write back\n")],
        );
        other.link("/sys/dev/block/8:0", "../../devices/sda");
        let state = |kind: &str, options: &str| {
            let place = on(&format!("30 1 8:0 / / rw - {kind} /dev/sda rw,{options}"));
            check(&other.machine, &place).state
        };
        assert_eq!(state("ext4", "errors=remount-ro"), State::Good);
        assert_eq!(state("ext4", "barrier=1"), State::Good);
        for (kind, options) in [
            ("ext4", "nobarrier"),
            ("ext4", "barrier=0"),
            ("btrfs", "nobarrier"),
            ("f2fs", "fsync_mode=nobarrier"),
        ] {
            assert_eq!(state(kind, options), State::Bad, "{options}");
        }
        assert_eq!(state("ext4", "data=writeback"), State::Doubtful);
        other.put("/sys/devices/sda/queue/write_cache", "write through\n");
        assert_eq!(state("ext4", "nobarrier"), State::Doubtful);
    }
}
