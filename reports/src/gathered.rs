//! What is gathered about a death after it: each part within a bound of time and size.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Recorded after the ending, which never waits for it. What is absent was not collected, which is
/// not the same as clean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gathered {
    pub attempt: u32,
    /// Lines of the streams that say something, also from the part that the record leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notable: Vec<NotableLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_log: Option<KernelLog>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupCounters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<DiskSpace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_readable: Vec<NotReadable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotableLine {
    /// `stderr` or `stdout`.
    pub stream: String,
    /// From 1, in the attempt's log file.
    pub line: u64,
    pub text: String,
}

/// What the kernel logged while the attempt ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KernelLog {
    /// `/dev/kmsg` or `journalctl -k`.
    pub source: String,
    /// As `dmesg` prints them: `[  123.456789] text`. The first ones and the last ones, if too many.
    pub lines: Vec<String>,
    /// Left out between the first and the last ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut_lines: u64,
    /// The ring had overwritten some before they were read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lost_some: bool,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What the control group counted from the beginning of the attempt to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CgroupCounters {
    /// Of the hierarchy that counts memory: 1 or 2.
    pub version: u8,
    pub path: String,
    /// It was made for this attempt alone: then everything it counts is the worker's.
    pub own: bool,
    pub memory_limit_bytes: Option<u64>,
    pub memory_peak_bytes: Option<u64>,
    /// Times that an allocation ran into the limit.
    pub limit_hits: Option<u64>,
    /// Times that the limit could not be kept by reclaiming.
    pub oom_events: Option<u64>,
    /// Processes that the OOM killer ended.
    pub oom_kills: Option<u64>,
    /// Times that a fork or clone ran into the limit on processes.
    pub pids_limit_hits: Option<u64>,
}

/// What our own worker's signal handler and the minidump tell of a fatal signal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Crash {
    pub signal: i32,
    /// `si_code`: above 0 the kernel raised it for a fault, 0 and below somebody sent it.
    pub code: i32,
    /// Where the access went wrong, for the signals that tell.
    pub address: Option<u64>,
    pub sender_pid: Option<i32>,
    /// The process that crashed: a sender of this number is the process itself.
    pub pid: i32,
    /// What is mapped at the address: a file's path, or a name such as `[heap]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The address lies where the crashing thread's stack cannot grow any further.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stack_overflow: bool,
    /// The thread's name.
    pub thread: Option<String>,
    /// The first bytes at the instruction pointer, in hexadecimal.
    pub instruction: Option<String>,
    /// Of SIGILL: the instruction set extensions that this processor does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processor_lacks: Vec<String>,
    /// Of the crashing thread, innermost first.
    pub frames: Vec<Frame>,
    /// Within the attempt's folder.
    pub minidump: Option<String>,
    /// What could not be had, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Frame {
    /// The file's name without its folder.
    pub module: Option<String>,
    /// Where the module's own file has it, as `addr2line` takes it: the same in every run. For a
    /// caller it is the last byte of the call. Without a module it is the address itself.
    pub offset: u64,
    pub symbol: Option<String>,
}

impl fmt::Display for Frame {
    /// `symbol (module+0x1234)`, as far as they are known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.module.as_deref().unwrap_or("unmapped");
        match &self.symbol {
            Some(symbol) => write!(f, "{symbol} ({module}+{:#x})", self.offset),
            None => write!(f, "{module}+{:#x}", self.offset),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiskSpace {
    pub path: String,
    pub filesystem: Option<String>,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub free_inodes: Option<u64>,
}

/// Evidence that could not be had, and how it can be had next time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotReadable {
    pub what: String,
    pub because: String,
    pub remedy: String,
}
