//! Room for a run's record.

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::gathered::DiskSpace;

use super::about::About;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "room",
    matters: "a full disk ends the record: a ladder takes a few MB, a day of samples some hundred",
};

/// One segment of a journal.
const LEAST_BYTES: u64 = 64 << 20;
const ENOUGH_BYTES: u64 = 1 << 30;
const ENOUGH_FILES: u64 = 1000;

pub(super) fn check(disk: Option<DiskSpace>) -> Check {
    let Some(disk) = disk else {
        return ABOUT.not_readable("statvfs failed", &["# choose another place with --out"]);
    };
    let mib = |bytes: u64| bytes >> 20;
    let mut seen = format!(
        "{}: {} of {} MiB free",
        disk.path,
        mib(disk.free_bytes),
        mib(disk.total_bytes)
    );
    if let Some(inodes) = disk.free_inodes {
        seen += &format!(", {inodes} inodes");
    }
    let remedy = ["# make room there, or choose another place with --out"];
    if disk.free_bytes < LEAST_BYTES || disk.free_inodes == Some(0) {
        ABOUT.bad(seen, &remedy)
    } else if disk.free_bytes < ENOUGH_BYTES || disk.free_inodes.is_some_and(|it| it < ENOUGH_FILES)
    {
        ABOUT.doubtful(seen, &remedy)
    } else {
        ABOUT.good(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn bytes_and_inodes_both_count() {
        let state = |free_bytes, free_inodes| {
            check(Some(DiskSpace {
                free_bytes,
                free_inodes,
                ..DiskSpace::default()
            }))
            .state
        };
        assert_eq!(state(10 << 30, Some(1 << 20)), State::Good);
        assert_eq!(state(10 << 30, None), State::Good);
        assert_eq!(state(10 << 30, Some(0)), State::Bad);
        assert_eq!(state(500 << 20, None), State::Doubtful);
        assert_eq!(state(1 << 20, None), State::Bad);
        assert_eq!(check(None).state, State::NotReadable);
    }
}
