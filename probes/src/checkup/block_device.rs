//! The disks under a filesystem: partitions, device-mapper, RAID and loop devices are followed down.

use std::path::{Path, PathBuf};

use procfs::process::MountInfo;

use super::machine::Machine;
use super::place::Place;
use crate::mount;

/// A stack of devices that is deeper is a loop of links.
const DEEPEST: u32 = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    /// Such as `sda`.
    pub name: String,
    /// `write back` or `write through`: `queue/write_cache` in the kernel's
    /// `Documentation/ABI/stable/sysfs-block`.
    pub cache: Option<String>,
    /// Whether single writes can pass the cache.
    pub fua: Option<bool>,
}

/// `None`: the filesystem is on no device that can be seen from here.
pub(super) fn under(machine: &Machine, place: &Place) -> Option<Vec<Disk>> {
    let mut disks = Vec::new();
    follow(
        machine,
        &of_mount(machine, &place.mount)?,
        DEEPEST,
        &mut disks,
    );
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks.dedup();
    (!disks.is_empty()).then_some(disks)
}

/// By its number; btrfs and its like have none of a device's, but name one as their source.
fn of_mount(machine: &Machine, mounted: &MountInfo) -> Option<PathBuf> {
    let numbered = machine.path("/sys/dev/block").join(&mounted.majmin);
    if let Ok(device) = numbered.canonicalize() {
        return Some(device);
    }
    let source = mounted.mount_source.as_deref()?;
    let named = machine.path(
        Path::new(source)
            .strip_prefix("/dev")
            .map(|_| source)
            .ok()?,
    );
    // /dev/mapper/x is a link to ../dm-0.
    let node = named.canonicalize().unwrap_or(named);
    let device = machine.path("/sys/class/block").join(node.file_name()?);
    device.canonicalize().ok()
}

fn follow(machine: &Machine, device: &Path, depth: u32, disks: &mut Vec<Disk>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let text = |file: &str| {
        let text = std::fs::read_to_string(device.join(file)).ok()?;
        Some(text.trim().to_owned())
    };
    if device.join("partition").exists()
        && let Some(parent) = device.parent()
    {
        return follow(machine, parent, depth, disks);
    }
    let below: Vec<PathBuf> = std::fs::read_dir(device.join("slaves"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|slave| slave.path().canonicalize().ok())
        .collect();
    if !below.is_empty() {
        return below
            .iter()
            .for_each(|device| follow(machine, device, depth, disks));
    }
    if let Some(file) = text("loop/backing_file")
        && let Some(mounted) = machine
            .text("/proc/self/mountinfo")
            .and_then(|mounts| mount::nearest(&mounts, Path::new(&file)))
        && let Some(device) = of_mount(machine, &mounted)
    {
        return follow(machine, &device, depth, disks);
    }
    let name = device.file_name().unwrap_or_default();
    disks.push(Disk {
        name: name.to_string_lossy().into_owned(),
        cache: text("queue/write_cache"),
        fua: text("queue/fua").map(|fua| fua == "1"),
    });
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::super::place::on;
    use super::*;

    fn names(other: &Other, mountinfo: &str) -> Vec<String> {
        let disks = under(&other.machine, &on(mountinfo)).unwrap_or_default();
        disks.into_iter().map(|disk| disk.name).collect()
    }

    #[test]
    fn every_stack_leads_to_its_disks() {
        let other = Other::new(
            "stack",
            &[
                ("/sys/devices/nvme0n1/queue/write_cache", "write back\n"),
                ("/sys/devices/nvme0n1/queue/fua", "1\n"),
                ("/sys/devices/nvme0n1/nvme0n1p2/partition", "2\n"),
                ("/sys/devices/sda/queue/write_cache", "write through\n"),
                ("/sys/devices/dm-0/dm/name", "vg-data\n"),
                ("/sys/devices/loop3/loop/backing_file", "/images/a.img\n"),
                ("/dev/dm-0", ""),
                (
                    "/proc/self/mountinfo",
                    "27 1 8:0 / / rw - ext4 /dev/sda rw\n",
                ),
            ],
        );
        other.link(
            "/sys/devices/dm-0/slaves/nvme0n1p2",
            "../../nvme0n1/nvme0n1p2",
        );
        other.link("/sys/devices/dm-0/slaves/sda", "../../sda");
        other.link("/sys/dev/block/253:0", "../../devices/dm-0");
        other.link("/sys/dev/block/8:0", "../../devices/sda");
        other.link("/sys/dev/block/7:3", "../../devices/loop3");
        other.link("/sys/class/block/dm-0", "../../devices/dm-0");
        other.link("/dev/mapper/vg-data", "../dm-0");
        let by_number = "30 1 253:0 / / rw - ext4 /dev/mapper/vg-data rw";
        assert_eq!(names(&other, by_number), ["nvme0n1", "sda"]);
        let by_name = "30 1 0:31 / / rw - btrfs /dev/mapper/vg-data rw";
        assert_eq!(names(&other, by_name), ["nvme0n1", "sda"]);
        let disks = under(&other.machine, &on(by_name)).unwrap();
        assert_eq!(disks[0].cache.as_deref(), Some("write back"));
        assert_eq!((disks[0].fua, disks[1].fua), (Some(true), None));
        assert_eq!(
            names(&other, "30 1 7:3 / / rw - ext4 /dev/loop3 rw"),
            ["sda"]
        );
        for nowhere in [
            "30 1 0:40 / / rw - tmpfs tmpfs rw",
            "30 1 0:41 / / rw - nfs4 nas:/x rw",
        ] {
            assert!(names(&other, nowhere).is_empty(), "{nowhere}");
        }
    }
}
