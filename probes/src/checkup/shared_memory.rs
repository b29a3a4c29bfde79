//! Room for what processes share: `/dev/shm`.

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::gathered::DiskSpace;

use super::about::About;

pub(super) const ABOUT: About = About {
    topic: Topic::Limits,
    name: "/dev/shm",
    matters: "data loaders and NCCL share tensors there; one that is full ends them with SIGBUS",
};

/// Containers have 64 MiB unless told otherwise.
const ENOUGH_BYTES: u64 = 1 << 30;

pub(super) fn check(disk: Option<&DiskSpace>) -> Check {
    let remedy = [
        "sudo mount -o remount,size=8G /dev/shm",
        "# in a container: docker run --shm-size 8g, or --ipc host",
    ];
    let Some(disk) = disk else {
        return ABOUT.doubtful("it is not there", &remedy);
    };
    let mib = |bytes: u64| bytes >> 20;
    let seen = format!(
        "{} of {} MiB free",
        mib(disk.free_bytes),
        mib(disk.total_bytes)
    );
    match disk.free_bytes < ENOUGH_BYTES {
        true => ABOUT.doubtful(seen, &remedy),
        false => ABOUT.good(seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn what_a_container_has_by_itself_is_little() {
        let disk = |bytes: u64| DiskSpace {
            path: "/dev/shm".into(),
            filesystem: None,
            total_bytes: bytes,
            free_bytes: bytes,
            free_inodes: None,
        };
        assert_eq!(check(Some(&disk(64 << 20))).state, State::Doubtful);
        assert_eq!(check(Some(&disk(16 << 30))).state, State::Good);
        assert_eq!(check(None).state, State::Doubtful);
    }
}
