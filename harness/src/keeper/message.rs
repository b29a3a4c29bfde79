//! What supervisor and keeper say to each other: JSON, one message a line.

use crashpoint_reports::WaitStatus;
use crashpoint_reports::event::{LeftBehind, Usage};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToKeeper {
    /// To the worker's process group.
    Signal { signal: i32 },
    /// SIGKILL to the group and to everything that descends from the worker.
    KillAll {},
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromKeeper {
    Started {
        pid: i32,
    },
    NotStarted {
        errno: Option<i32>,
        message: String,
    },
    Ended {
        status: WaitStatus,
        usage: Usage,
    },
    /// Everything that the worker left behind has been ended; the keeper leaves too.
    Swept {
        left_behind: Vec<LeftBehind>,
    },
}
