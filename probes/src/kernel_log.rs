//! What the kernel logged from a moment on: from `/dev/kmsg`, else from `journalctl -k`, else the
//! reason why it can't be had.

mod journal;
mod kept;
mod kmsg;

#[cfg(fuzzing)]
pub(crate) use kmsg::fuzz;

use crashpoint_reports::gathered::{KernelLog, NotReadable};

use crate::boot::Clocks;
use kept::Kept;
use kmsg::Kmsg;

/// Stands at the end of the kernel's log as it was at the beginning.
#[derive(Debug)]
pub struct Follower {
    kmsg: Result<Kmsg, std::io::Error>,
    began_us: u64,
}

impl Follower {
    pub fn begin() -> Follower {
        Follower {
            kmsg: Kmsg::at_the_end(),
            began_us: Clocks::now().wall_us,
        }
    }

    /// What has come since, in bounded time and size.
    pub fn end(self) -> Result<KernelLog, NotReadable> {
        let error = match self.kmsg {
            Ok(kmsg) => return Ok(kmsg.rest()),
            Err(error) => error,
        };
        journal::since(self.began_us, Kept::default()).map_err(|why| not_readable(&error, &why))
    }
}

/// All that the kernel has logged since this boot, as far as its ring still holds it.
pub fn of_this_boot() -> Result<KernelLog, NotReadable> {
    /// More than any ring holds.
    const MOST_LINES: usize = 50_000;
    let kept = || Kept::with_first(MOST_LINES);
    match Kmsg::at_the_beginning() {
        Ok(kmsg) => Ok(kmsg.rest_into(kept())),
        Err(error) => journal::since(0, kept()).map_err(|why| not_readable(&error, &why)),
    }
}

fn not_readable(error: &std::io::Error, why: &str) -> NotReadable {
    NotReadable {
        what: "kernel log".to_owned(),
        because: format!("/dev/kmsg: {error}; journalctl -k: {why}"),
        remedy: match error.raw_os_error() {
            Some(nix::libc::ENOENT) => {
                "in a container, start it with --device /dev/kmsg --cap-add SYSLOG"
            }
            _ => {
                "run as root, or allow it: sudo sysctl kernel.dmesg_restrict=0, or join the group systemd-journal"
            }
        }
        .to_owned(),
    }
}
