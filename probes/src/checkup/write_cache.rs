//! Whether a flush reaches what lasts, as far as a device tells.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::block_device::{self, Disk};
use super::machine::Machine;
use super::place::Place;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "write cache",
    matters: "a record counts as durable when the disk says that its cache is flushed; a virtual disk says so whatever its host does",
};

const IN_MEMORY: [&str; 2] = ["zram", "ram"];
const VIRTUAL: [&str; 2] = ["vd", "xvd"];
const FAR_AWAY: [&str; 3] = ["nbd", "rbd", "drbd"];

pub(super) fn check(machine: &Machine, place: &Place) -> Check {
    let Some(disks) = block_device::under(machine, place) else {
        let kind = &place.mount.fs_type;
        return ABOUT.not_readable(
            format!("no device can be seen under {kind} at {}", place.point()),
            &["# run crashpoint doctor where the disk is: on the host, on the server"],
        );
    };
    let seen = disks.iter().map(describe).collect::<Vec<_>>().join("; ");
    let any = |kinds: &[&str]| disks.iter().any(|disk| is_a(&disk.name, kinds));
    if any(&IN_MEMORY) {
        let seen = format!("{seen}: memory, lost at a reset");
        return ABOUT.bad(seen, &["crashpoint run --out /a/folder/on/a/local/disk"]);
    }
    if any(&VIRTUAL) || any(&FAR_AWAY) || is_virtual(machine) {
        return ABOUT.doubtful(
            format!("{seen}, a virtual or a remote disk: what its host does with a flush cannot be seen from here"),
            &[
                "# on a QEMU host: cache=writeback or none for this disk, never unsafe",
                "# elsewhere: the provider's word that a flush is honoured; a reset of the guest alone loses nothing",
            ],
        );
    }
    if disks.iter().any(|disk| disk.cache.is_none()) {
        return ABOUT.not_readable(
            seen,
            &["sudo hdparm -W /dev/DISK  # or: sudo nvme id-ctrl /dev/DISK | grep vwc"],
        );
    }
    ABOUT.good(seen)
}

fn describe(disk: &Disk) -> String {
    let cache = disk.cache.as_deref().unwrap_or("unknown cache");
    let fua = match disk.fua {
        Some(true) => ", with FUA",
        Some(false) => ", without FUA",
        None => "",
    };
    format!("{}: {cache}{fua}", disk.name)
}

/// The letters before the number, as in `zram0`, or before a disk's own letter, as in `vda`.
fn is_a(name: &str, kinds: &[&str]) -> bool {
    let letters = name.trim_end_matches(|it: char| it.is_ascii_digit());
    kinds.iter().any(|kind| {
        letters
            .strip_prefix(kind)
            .is_some_and(|rest| rest.len() <= 1)
    })
}

/// The processor says that it is a virtual machine's (x86), or the firmware does.
fn is_virtual(machine: &Machine) -> bool {
    let flags = machine.text("/proc/cpuinfo").unwrap_or_default();
    let hypervisor = flags
        .lines()
        .find(|line| line.starts_with("flags"))
        .is_some_and(|line| line.split_whitespace().any(|flag| flag == "hypervisor"));
    hypervisor
        || machine
            .text("/sys/class/dmi/id/sys_vendor")
            .is_some_and(|vendor| ["QEMU", "VMware, Inc.", "Amazon EC2"].contains(&vendor.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::super::place::on;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_disk_is_believed_and_a_virtual_one_is_not() {
        let other = Other::new("cache", &[]);
        for disk in ["sda", "vda", "zram0", "nvme0n1"] {
            other.put(
                &format!("/sys/devices/{disk}/queue/write_cache"),
                "write back\n",
            );
            other.link(
                &format!("/sys/class/block/{disk}"),
                &format!("../../devices/{disk}"),
            );
            other.put(&format!("/dev/{disk}"), "");
        }
        let state = |disk: &str| {
            let place = on(&format!("30 1 0:99 / / rw - ext4 /dev/{disk} rw"));
            check(&other.machine, &place).state
        };
        assert_eq!(state("sda"), State::Good);
        assert_eq!(state("nvme0n1"), State::Good);
        assert_eq!(state("vda"), State::Doubtful);
        assert_eq!(state("zram0"), State::Bad);
        assert_eq!(state("gone"), State::NotReadable);
        other.put(
            "/proc/cpuinfo",
            "model name\t: x\nflags\t\t: fpu hypervisor lm\n",
        );
        assert_eq!(state("nvme0n1"), State::Doubtful);
    }
}
