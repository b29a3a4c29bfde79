//! What the sources said, taken apart but not yet weighed.

use super::SourceRead;

/// The boot in which somebody looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThisBoot {
    pub boot_id: String,
    /// Seconds since the epoch at which it began.
    pub boot_time_s: u64,
    pub mono_us: u64,
    /// `CLOCK_BOOTTIME`: minus the monotonic clock, the time spent asleep.
    pub boottime_us: u64,
    pub wall_us: u64,
    /// Another kernel started this one, without the firmware in between.
    pub by_kexec: bool,
    /// As in a header.
    pub machine: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// What a dying kernel left: pstore, kdump.
    pub dumps: Vec<Dump>,
    /// Boots and shutdowns, in the order of the file.
    pub wtmp: Option<Vec<WtmpRecord>>,
    /// The log of the boot that the run was in, from its end.
    pub run_boot: Option<Vec<LogLine>>,
    /// How many boots there were since, by the log's list of boots; 1 is the next one.
    pub boots_since: Option<u32>,
    /// What this boot's kernel says of how the last one ended.
    pub this_boot: Vec<LogLine>,
    pub watchdogs: Vec<Watchdog>,
    pub reset_reasons: Vec<ResetReason>,
    pub platform_events: Vec<PlatformEvent>,
    pub sources: Vec<SourceRead>,
}

/// Text that a kernel wrote while it died.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dump {
    pub path: String,
    /// When it was written, where the store itself says so.
    pub wall_us: Option<u64>,
    /// Its lines from the end that matter, oldest first.
    pub lines: Vec<String>,
    /// It is a dump of memory: it is made by a panic and by nothing else.
    pub of_memory: bool,
}

/// A line of a log of the kernel or of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLine {
    /// Microseconds since that boot, by the monotonic clock.
    pub mono_us: Option<u64>,
    /// Who wrote it: `kernel`, `systemd`.
    pub from: String,
    pub pid: Option<i32>,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WtmpKind {
    Boot,
    Shutdown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WtmpRecord {
    pub kind: WtmpKind,
    pub wall_us: u64,
    /// As it stands there: user, line, host.
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watchdog {
    pub name: String,
    pub identity: String,
    /// The bits of `WDIOC_GETBOOTSTATUS`.
    pub boot_status: u32,
}

/// What a platform says of its last reset, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResetReason {
    pub path: String,
    pub text: String,
}

/// An entry of the firmware's own event log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformEvent {
    pub wall_us: Option<u64>,
    pub text: String,
}
