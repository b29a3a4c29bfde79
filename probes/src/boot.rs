//! Which boot this is, what its clocks say, and which process is which.

use nix::time::{ClockId, clock_gettime};
use procfs::{CurrentSI, KernelStats};
use sha2::{Digest, Sha256};

use crate::read::Reader;
use crate::worker::Stat;

/// All in microseconds. `boottime_us` minus `mono_us` is the time that the machine has slept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    pub mono_us: u64,
    pub boottime_us: u64,
    /// Since the Unix epoch; may jump.
    pub wall_us: u64,
}

impl Clocks {
    pub fn now() -> Clocks {
        Clocks {
            mono_us: microseconds(ClockId::CLOCK_MONOTONIC),
            boottime_us: microseconds(ClockId::CLOCK_BOOTTIME),
            wall_us: microseconds(ClockId::CLOCK_REALTIME),
        }
    }
}

/// Zero for a clock that the kernel lacks or that stands before the epoch.
pub(crate) fn microseconds(clock: ClockId) -> u64 {
    let Ok(time) = clock_gettime(clock) else {
        return 0;
    };
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec()).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000)
        .saturating_add(rest / 1000)
}

/// The kernel's name for this boot. A container sees the host's.
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// A name for this installation: eight bytes of a hash of its machine id, which is not to be shown to
/// others itself (machine-id(5)). `None` in an image that has no id.
pub fn machine() -> Option<String> {
    const BYTES: usize = 8;
    let text = std::fs::read_to_string("/etc/machine-id").ok()?;
    let id = text.trim();
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash = is_id.then(|| Sha256::digest(format!("crashpoint.machine/1\n{id}")))?;
    let digits = hash.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
    Some(digits.collect())
}

/// When this boot began, in seconds since the epoch, by the wall clock as it is set now.
pub fn boot_time_s() -> Option<u64> {
    KernelStats::current().ok().map(|stats| stats.btime)
}

/// Such as `pid:[4026531836]`: a pid means something only beside it.
pub fn pid_namespace() -> Option<String> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    link.into_os_string().into_string().ok()
}

/// When a process began, in clock ticks since boot: tells it from a later one with the same pid.
pub fn process_start_ticks(pid: i32) -> Option<u64> {
    let mut stat = Reader::open(format!("/proc/{pid}/stat"))?;
    Some(Stat::parse(stat.bytes()?)?.start_ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_agree_with_the_boot() {
        let (first, second) = (Clocks::now(), Clocks::now());
        assert!(first.mono_us > 0 && second.mono_us >= first.mono_us);
        assert!(first.boottime_us + 1000 >= first.mono_us);
        let began = boot_time_s().unwrap();
        let off = began.abs_diff(first.wall_us / 1_000_000 - first.boottime_us / 1_000_000);
        assert!(off <= 2, "btime is {off} s away from now minus uptime");
    }

    #[test]
    fn a_boot_a_namespace_and_a_process_have_names() {
        assert_eq!(boot_id().unwrap().len(), 36);
        assert!(pid_namespace().unwrap().starts_with("pid:["));
        let own = process_start_ticks(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own > process_start_ticks(1).unwrap());
        assert_eq!(process_start_ticks(i32::MAX), None);
    }
}
