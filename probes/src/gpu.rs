//! The GPU's side of the probes. NVML may block for ever or take its process down, so it is called
//! in a process of its own; what is here is how that process is spoken to, one JSON line each way.

mod calls;
mod child;
mod client;
mod counters;
mod desk;
mod facts;
mod gpus;
mod look;
mod nvml;
mod reading;
mod serve;
mod xids;

use crashpoint_reports::GpuSample;
use crashpoint_reports::environment::GpuFacts;
use crashpoint_reports::gpu::GpuNews;
use serde::{Deserialize, Serialize};

pub use child::Command;
pub use client::{Client, Outcome};
pub use serve::serve;

/// `{"id":7,"read":{"worker_pid":4711}}`. The answer repeats the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    #[serde(default)]
    pub id: u64,
    #[serde(flatten)]
    pub question: Question,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// What does not change.
    Facts {},
    /// A sample of every GPU; with a worker, what NVML attributes to it.
    Read {
        worker_pid: Option<i32>,
        /// Also what is slow to read: it comes as news, where it has changed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counters: bool,
    },
}

/// `{"id":7,"read":[...]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub id: u64,
    #[serde(flatten)]
    pub reply: Reply,
    /// What has come up since the answer before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub news: Vec<GpuNews>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Facts(GpuFacts),
    Read(Vec<GpuSample>),
    /// There is no GPU to ask, and there will be none.
    Absent {
        because: String,
    },
    /// This question has no answer; the next one may.
    Error {
        message: String,
    },
}
