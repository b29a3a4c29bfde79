//! How an attempt ended. Never why: that is a verdict.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::signal::signal_name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// The process ended by itself with an exit code.
    Exit,
    /// A signal ended it that we did not send.
    Signal,
    /// We ended it: a phase, an image or the whole attempt outlasted its limit.
    Timeout,
    /// We ended it: it broke a bound on memory or output that the user set.
    Budget,
    /// It was told to end and did not, SIGKILL included.
    Unkillable,
    /// The machine went away under it.
    MachineGone,
    /// Nobody saw it end.
    Unreported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ending {
    pub kind: EndingKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_dumped: Option<bool>,
    /// We asked it to end because the run itself was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

impl Ending {
    pub fn of(kind: EndingKind) -> Ending {
        Ending {
            kind,
            code: None,
            signal: None,
            core_dumped: None,
            interrupted: false,
        }
    }

    pub fn is_success(&self) -> bool {
        self.kind == EndingKind::Exit && self.code == Some(0) && !self.interrupted
    }
}

/// The wait status as `waitpid` returns it on Linux. The only place that takes one apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WaitStatus(pub i32);

impl From<WaitStatus> for Ending {
    fn from(WaitStatus(raw): WaitStatus) -> Ending {
        let signal = raw & 0x7f;
        if signal == 0 {
            Ending {
                code: Some((raw >> 8) & 0xff),
                ..Ending::of(EndingKind::Exit)
            }
        } else {
            Ending {
                signal: Some(signal),
                core_dumped: Some(raw & 0x80 != 0),
                ..Ending::of(EndingKind::Signal)
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.signal.unwrap_or(0);
        let name = signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned);
        match self.kind {
            EndingKind::Exit => write!(f, "exit code {}", self.code.unwrap_or(-1))?,
            EndingKind::Signal => {
                f.write_str(&name)?;
                if self.core_dumped == Some(true) {
                    f.write_str(" (core dumped)")?;
                }
            }
            EndingKind::Timeout => f.write_str("killed by crashpoint: time limit")?,
            EndingKind::Budget => f.write_str("killed by crashpoint: budget")?,
            EndingKind::Unkillable => f.write_str("unkillable: it outlived SIGKILL")?,
            EndingKind::MachineGone => f.write_str("the machine went away")?,
            EndingKind::Unreported => f.write_str("never reported")?,
        }
        if self.interrupted {
            f.write_str(" after the run was interrupted")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_statuses_of_real_processes_are_taken_apart() {
        use std::os::unix::process::ExitStatusExt;
        for (script, expected) in [("exit 7", "exit code 7"), ("kill -KILL $$", "SIGKILL")] {
            let status = std::process::Command::new("sh")
                .args(["-c", script])
                .status()
                .unwrap();
            assert_eq!(
                Ending::from(WaitStatus(status.into_raw())).to_string(),
                expected
            );
        }
        let dumped = Ending::from(WaitStatus(11 | 0x80));
        assert_eq!(dumped.to_string(), "SIGSEGV (core dumped)");
    }
}
