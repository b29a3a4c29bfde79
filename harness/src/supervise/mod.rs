//! One attempt, from the spawn of a process to its ending.

mod crash;
mod echo;
mod gather;
mod kill;
mod left_file;
mod lines;
mod notable;
mod output;
mod page;
mod spawn;
mod streams;
mod system_call;
mod threads;
mod time_limits;
mod watch;
mod worker_state;

use std::ffi::OsString;
use std::path::PathBuf;

use crashpoint_probes::ProbeThread;
use crashpoint_probes::cgroup::{Limits, NoGroup};
use crashpoint_reports::event::{AttemptEnd, Purpose, Variation};
use crashpoint_reports::protocol::{ImageAt, ImageResult, WorkerError};
use crashpoint_reports::{Ending, Outcome, Phase, fold};
use serde_json::Value;
use thiserror::Error;

use crate::acknowledged::Acknowledged;
use crate::interrupt::Interrupt;
use crate::journal::{Journal, JournalError};
pub use echo::settle;
pub use time_limits::{LaterImage, TimeLimits};

/// What to run, and within which bounds.
#[derive(Debug, Clone)]
pub struct Task {
    /// Counts through the whole run, from 1.
    pub attempt: u32,
    pub case: String,
    /// Counts the attempts at this case, from 1.
    pub n: u32,
    pub reason: Reason,
    /// For what it prints; exists already.
    pub folder: PathBuf,
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub variables: Vec<(OsString, OsString)>,
    pub stdin: Stdin,
    /// The UUID of the GPU that it is to run on, for the record.
    pub gpu: Option<String>,
    /// For one of our own workers. A foreign program has none, and one phase of its own: `run`.
    pub job: Option<Value>,
    pub limits: TimeLimits,
    /// A control group of its own with these limits, or no attempt at all.
    pub group: Option<Limits>,
    /// Hand what it prints on as well.
    pub echo: bool,
}

/// Why an attempt is run, for the record.
#[derive(Debug, Clone, Default)]
pub struct Reason {
    pub purpose: Purpose,
    pub variation: Variation,
    /// The command line that does the same in a run of its own.
    pub again: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// A background process group that reads the terminal is stopped and looks hung.
    Null,
    Inherit,
}

/// What became of it, as it was recorded.
#[derive(Debug, Clone)]
pub struct Finished {
    pub end: AttemptEnd,
    pub had_job: bool,
    pub said_hello: bool,
    pub said_done: bool,
    pub error: Option<WorkerError>,
    /// For the next attempt: how long an image takes is known better now.
    pub later_image: LaterImage,
}

impl Finished {
    pub fn ending(&self) -> Ending {
        self.end.ending
    }

    /// By the same rule as in the report.
    pub fn outcome(&self) -> Outcome {
        fold::outcome(&fold::Facts {
            shut_down: false,
            ending: &self.end.ending,
            spawn_failed: self.end.spawn_error.is_some(),
            job: self.had_job,
            said_hello: self.said_hello,
            said_done: self.said_done,
            said_error: self.error.is_some(),
        })
    }
}

/// What happens while an attempt runs, for whoever shows it.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The worker's first message.
    Hello,
    Phase {
        phase: Phase,
        image: Option<ImageAt>,
    },
    Image(Box<ImageResult>),
    /// The process is gone, and that is durable.
    Ended,
}

#[derive(Debug, Error)]
pub enum SuperviseError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Group(#[from] NoGroup),
    #[error("failed to {what}: {why}")]
    System {
        what: &'static str,
        why: std::io::Error,
    },
}

/// What every attempt of a run shares.
pub struct Supervisor<'a> {
    /// An executable that knows the `keeper` command.
    pub keeper: PathBuf,
    pub journal: &'a Journal,
    pub probes: Option<&'a ProbeThread>,
    /// Somebody outside who is told of every marker after its worker was.
    pub acknowledged: Option<&'a Acknowledged>,
    pub interrupt: &'a Interrupt,
    pub observe: &'a dyn Fn(Progress),
}

impl std::fmt::Debug for Supervisor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor")
            .field("keeper", &self.keeper)
            .finish_non_exhaustive()
    }
}

impl Supervisor<'_> {
    /// Runs one attempt to its end, whatever that is. An error is the harness's own.
    pub fn attempt(&self, task: &Task) -> Result<Finished, SuperviseError> {
        watch::attempt(self, task)
    }
}
