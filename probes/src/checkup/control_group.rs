//! Whether a control group can be made, seen by making one.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use crate::cgroup::{Counters, Limits, OwnGroup};

pub(super) const ABOUT: About = About {
    topic: Topic::Worker,
    name: "control group",
    matters: "in one of its own a worker that takes all memory ends alone, and provably (--host-memory-limit)",
};

const LIMITS: Limits = Limits {
    memory_bytes: Some(64 << 20),
    pids: None,
};

pub(super) fn check() -> Check {
    match OwnGroup::make(LIMITS) {
        Ok(group) => {
            let version = Counters::of(&group).since().version;
            ABOUT.good(format!(
                "version {version}; one with a memory limit can be made"
            ))
        }
        Err(missing) => {
            let remedy = format!("# {}", missing.remedy);
            ABOUT.doubtful(missing.because, &[&remedy])
        }
    }
}
