//! What is recorded: every event that a journal can hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device_check::DeviceCheck;
use crate::ending::Ending;
use crate::environment::Environment;
use crate::gathered::Gathered;
use crate::gpu::GpuNews;
use crate::lint::Finding;
use crate::phase::Phase;
use crate::protocol::{
    FromWorker, Hello, ImageAt, ImageResult, PhaseDone, PhaseStart, WorkerError,
};
use crate::recovery::Recovery;
use crate::sample::Sample;
use crate::sample_block::SampleBlock;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The order of things: no gaps, and nothing else orders.
    pub seq: u64,
    /// `CLOCK_MONOTONIC` and wall time, in microseconds, when the event was handed to the journal.
    pub mono_us: u64,
    pub wall_us: u64,
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first line of every segment of a journal.
    Header(Header),
    Environment(Box<Environment>),
    /// Known mistakes that were seen before anything was tried.
    Preflight(Vec<Finding>),
    /// What the run is going to do, before any of it is done.
    Plan(Plan),
    AttemptStart(AttemptStart),
    /// The worker's process exists.
    Spawned {
        attempt: u32,
        pid: i32,
    },
    Hello {
        attempt: u32,
        hello: Hello,
    },
    /// A phase is about to start. Acknowledged to the worker only when it is on the disk.
    Marker(Marker),
    PhaseEnd {
        attempt: u32,
        done: PhaseDone,
    },
    Image {
        attempt: u32,
        result: Box<ImageResult>,
    },
    Facts {
        attempt: u32,
        facts: BTreeMap<String, serde_json::Value>,
    },
    WorkerError {
        attempt: u32,
        error: WorkerError,
    },
    /// The worker said that its work is finished.
    Done {
        attempt: u32,
    },
    /// Written twice a second at most, and at the end.
    Progress(Progress),
    /// As samples were written before they were written in columns.
    Samples(Vec<Sample>),
    SampleBlock(SampleBlock),
    /// A GPU's counters when they have changed, an Xid, a call that does not come back.
    Gpu(GpuNews),
    /// The worker broke the protocol and was not listened to from here on.
    Violation {
        attempt: u32,
        what: String,
    },
    /// The process is gone: recorded at once, before its output is drained and its children are
    /// swept. `AttemptEnd` completes it, unless the supervisor dies in between.
    Ended(Box<Ended>),
    AttemptEnd(Box<AttemptEnd>),
    /// Nothing more is tried to narrow a failed case down.
    TriageEnd {
        case: String,
        /// What kept it from going on to the smallest input, if something did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// What was gathered about an ending, after it.
    Gathered(Box<Gathered>),
    /// What the GPU was like after an attempt on it.
    DeviceCheck(Box<DeviceCheck>),
    /// A planned case that was not tried.
    Skipped {
        case: String,
        because: String,
    },
    /// Something went wrong with the harness or a probe of its own, and the run went on.
    Trouble {
        what: String,
    },
    /// Somebody asked the run to stop.
    Interrupted {
        signal: i32,
    },
    RunEnd {},
    /// What ended the run, which did not say so itself: found out later, by another process.
    Recovered(Box<Recovery>),
}

impl Event {
    /// What a worker said, as it is recorded.
    pub fn said(attempt: u32, message: FromWorker) -> Event {
        match message {
            FromWorker::Hello(hello) => Event::Hello { attempt, hello },
            FromWorker::Phase(start) => Event::Marker(Marker::of(attempt, start)),
            FromWorker::PhaseEnd(done) => Event::PhaseEnd { attempt, done },
            FromWorker::Token { n } => Event::Progress(Progress::of_tokens(attempt, n)),
            FromWorker::Image(result) => Event::Image {
                attempt,
                result: Box::new(result),
            },
            FromWorker::Facts(facts) => Event::Facts { attempt, facts },
            FromWorker::Error(error) => Event::WorkerError { attempt, error },
            FromWorker::Done {} => Event::Done { attempt },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// The version of this format.
    pub format: u32,
    pub crashpoint: String,
    pub run: String,
    pub command: Vec<String>,
    pub boot_id: String,
    /// Seconds since the epoch at which this boot began.
    pub boot_time_s: u64,
    /// `CLOCK_BOOTTIME` in microseconds: minus the monotonic clock, the time spent asleep.
    pub boottime_us: u64,
    pub pid: i32,
    /// In clock ticks since boot: tells this process from a later one with the same pid.
    pub pid_start_ticks: u64,
    pub pid_namespace: String,
    /// A name for this installation of an operating system, made from its machine id and not leading
    /// back to it; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Where the paths of the command line begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_folder: Option<String>,
    #[serde(default, skip_serializing_if = "Writer::is_run")]
    pub writer: Writer,
    /// Absent in the first segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// Which command wrote a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    #[default]
    Run,
    Recover,
    Resume,
}

impl Writer {
    fn is_run(&self) -> bool {
        *self == Writer::Run
    }
}

/// What a segment follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Previous {
    pub segment: String,
    /// The last record there that counts: what comes after it was not acknowledged, and is written
    /// again in this segment if it could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    pub settings: Settings,
    /// Options that neither the command line nor the built-in defaults said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configured: Vec<Configured>,
    pub images: Vec<PlannedImage>,
    pub cases: Vec<PlannedCase>,
}

/// An option that a configuration file or a profile gave a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Configured {
    /// Its long name.
    pub option: String,
    /// None where it takes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The file and its line, or the profile.
    pub from: String,
}

impl Configured {
    /// As the command line would have it.
    pub fn words(&self) -> Vec<String> {
        let name = &self.option;
        match self.values.as_slice() {
            [] => vec![format!("--{name}")],
            values => values.iter().map(|it| format!("--{name}={it}")).collect(),
        }
    }
}

/// The settings that two runs must share to be comparable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// The name under which options were chosen together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Of a checkpoint on the disk: SHA-256 over names, sizes and beginnings of its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// Of the language model's weights, in a format that is not `dtype`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant: Option<String>,
    /// The file that brings the language model's weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gguf: Option<String>,
    /// SHA-256 over its name, size and beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gguf_fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_new_tokens: Option<u32>,
    /// `None` is greedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    pub sample_hz: f64,
    /// The index of the image whose survival `critical_test_passed` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_image: Option<u32>,
    pub cycles: u32,
    /// Of each worker, enforced by a control group of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_memory_limit_bytes: Option<u64>,
    /// A fault that was caused on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inject: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedImage {
    /// From 1.
    pub index: u32,
    pub file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCase {
    pub name: String,
    /// The rung of the ladder, or `exec`.
    pub scenario: String,
    /// What it does, in a few words.
    pub title: String,
    /// The images by index, in the order of analysis.
    pub images: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptStart {
    /// Counts through the whole run, from 1.
    pub attempt: u32,
    pub case: String,
    /// Counts the attempts at this case, from 1.
    pub n: u32,
    #[serde(default, skip_serializing_if = "Purpose::is_planned")]
    pub purpose: Purpose,
    /// Run under changed conditions to learn something: never counts as a pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub diagnostic: bool,
    #[serde(default, skip_serializing_if = "Variation::is_none")]
    pub variation: Variation,
    /// The command line that does the same in a run of its own, where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<String>,
    /// It was given a job over the protocol: silence is then no sign of success.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub job: bool,
    /// The UUID of the GPU that it is to run on, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Within the run directory.
    pub folder: String,
    pub command: Vec<String>,
}

/// Why an attempt is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The plan says so.
    #[default]
    Planned,
    /// The case failed: the same once more, to see whether it does so again.
    Repeat,
    /// The case failed: once with the GPU made to tell more, which changes what is run.
    Diagnostic,
    /// The case failed: with less input, to see whether that is enough.
    Reduction,
}

impl Purpose {
    pub fn is_planned(&self) -> bool {
        *self == Purpose::Planned
    }
}

/// What an attempt does otherwise than its case says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variation {
    /// Indices, in the order of analysis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_new_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

impl Variation {
    pub fn is_none(&self) -> bool {
        *self == Variation::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marker {
    pub attempt: u32,
    /// The worker's own number for it; `None` where the supervisor set it (`start`, `run`, `idle`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageAt>,
}

impl Marker {
    /// One that the worker set.
    pub fn of(attempt: u32, start: PhaseStart) -> Marker {
        Marker {
            attempt,
            id: Some(start.id),
            phase: start.name,
            image: start.image,
        }
    }
}

/// How far the worker has come within its phase, by its own word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub attempt: u32,
    /// The number of the phase's marker, where the worker's page told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<u64>,
    /// So many tokens of the current image exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<u32>,
    /// Of the model, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Held in use by its allocator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
    /// A part of the phase, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl Progress {
    pub fn of_tokens(attempt: u32, n: u32) -> Progress {
        Progress {
            attempt,
            token: Some(n),
            ..Progress::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    pub attempt: u32,
    pub ending: Ending,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptEnd {
    pub attempt: u32,
    pub ending: Ending,
    /// Which limit was broken, where we ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The program could not be started at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spawn_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    pub stdout: Output,
    pub stderr: Output,
    /// Processes that the program left behind, and that were ended after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<LeftBehind>,
    /// State of each thread when it was found hanging, before it was told to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<ThreadState>,
}

/// What the kernel counted for the process and the children it waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    pub user_us: u64,
    pub system_us: u64,
    pub max_rss_bytes: u64,
    pub major_faults: u64,
}

/// What a stream carried; the whole (head and tail of it, if it was too much) is in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    pub bytes: u64,
    /// Left out of the middle of the file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_bytes: u64,
    /// The first lines, as far as `tail` does not reach back to them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head: String,
    /// The last lines; what was not UTF-8 is replaced.
    pub tail: String,
    /// Somebody still held the pipe open after the process was gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held_open: bool,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehind {
    pub pid: i32,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadState {
    pub tid: i32,
    pub name: String,
    /// The kernel's letter: `R` running, `S` sleeping, `D` waiting and not to be disturbed, ...
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wchan: Option<String>,
    /// The system call that it is in, by name where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syscall: Option<String>,
    /// What the call works on: a path, or such as `pipe:[4711]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Share of a processor that it used while it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    /// In the kernel, innermost first, where root could read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<String>,
}
