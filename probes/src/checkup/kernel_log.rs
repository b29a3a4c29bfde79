//! Whether the kernel's log can be read by whoever runs this.

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::gathered::{KernelLog, NotReadable};

use super::about::About;

pub(super) const ABOUT: About = About {
    topic: Topic::Evidence,
    name: "kernel log",
    matters: "the OOM killer, the GPU's driver (Xid) and the hardware speak there and nowhere else",
};

pub(super) fn check(read: Result<KernelLog, NotReadable>) -> Check {
    match read {
        Ok(log) => ABOUT.good(format!("{} can be read", log.source)),
        Err(missing) => {
            let remedy = format!("# {}", missing.remedy);
            ABOUT.not_readable(missing.because, &[&remedy])
        }
    }
}
