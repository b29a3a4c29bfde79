//! Evidence that somebody wrote down as JSON: how it ended, lines of logs, what else is known.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::bundle::Bundle;
use super::scan::Scan;
use super::source::Source;
use crate::ending::{Ending, EndingKind};
use crate::signal::signal_number;

/// One case; keys that are missing were not collected.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Case {
    pub id: String,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Evidence {
    pub ending: Option<How>,
    pub stderr: Vec<String>,
    pub stdout: Vec<String>,
    pub kernel_log: Vec<String>,
    pub previous_boot_log: Vec<String>,
    pub service_log: Vec<String>,
    pub nvidia_smi: Vec<String>,
    pub facts: Map<String, Value>,
}

/// The one of these that is known.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct How {
    /// Windows reports faults as large numbers.
    pub exit_code: Option<i64>,
    /// `SIGKILL`, or its number.
    pub signal: Option<String>,
    pub core: Option<bool>,
    pub machine_gone: bool,
    /// It was seen not to go on for so long.
    pub hang_seconds: Option<f64>,
}

impl How {
    pub fn ending(&self) -> Option<Ending> {
        if self.machine_gone {
            return Some(Ending::of(EndingKind::MachineGone));
        }
        if let Some(signal) = self.signal.as_deref().and_then(signal_number) {
            return Some(Ending {
                signal: Some(signal),
                core_dumped: self.core,
                ..Ending::of(EndingKind::Signal)
            });
        }
        if let Some(code) = self.exit_code {
            return Some(Ending {
                // The bits are what counts: 0xC0000005 is an access violation either way.
                code: Some(code as u32 as i32),
                ..Ending::of(EndingKind::Exit)
            });
        }
        None
    }
}

impl Evidence {
    pub fn bundle(&self) -> Bundle<'_> {
        let mut scan = Scan::new();
        for (source, lines) in [
            (Source::Stderr, &self.stderr),
            (Source::Stdout, &self.stdout),
            (Source::KernelLog, &self.kernel_log),
            (Source::PreviousBootLog, &self.previous_boot_log),
            (Source::ServiceLog, &self.service_log),
            (Source::NvidiaSmi, &self.nvidia_smi),
        ] {
            scan.lines(source, lines);
        }
        scan.facts(&self.facts);
        Bundle {
            ending: self.ending.as_ref().and_then(How::ending),
            hang_seconds: self.ending.as_ref().and_then(|it| it.hang_seconds),
            sightings: scan.finish(),
            facts: Cow::Borrowed(&self.facts),
            ..Bundle::default()
        }
    }
}
