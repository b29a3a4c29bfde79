//! What a worker and its supervisor say to each other: JSON, one message a line, both ways.
//!
//! The socket's number is in `CRASHPOINT_FD`. Before a phase the worker sends [`FromWorker::Phase`]
//! and waits for the [`ToWorker::Ack`] with the same id: by then the marker is on the disk.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::verdict::Class;

pub const VERSION: u32 = 1;

/// The environment variable that holds the number of the worker's end of the socket.
pub const FD_VARIABLE: &str = "CRASHPOINT_FD";

/// A line longer than this is a violation: whoever sends it is not listened to any more.
pub const MAX_LINE_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    Hello(Hello),
    Phase(PhaseStart),
    PhaseEnd(PhaseDone),
    /// So many tokens of the current image exist by now. Not acknowledged.
    Token {
        n: u32,
    },
    Image(ImageResult),
    /// Something worth keeping with the record, by name.
    Facts(BTreeMap<String, serde_json::Value>),
    /// The worker cannot go on, and says why itself.
    Error(WorkerError),
    /// The work is finished. Exit code 0 without it counts as a failure: a program that lost
    /// its engine can still go down cleanly.
    Done {},
}

/// A journal and a report hold facts inside of other things, and JSON's readers stop at 128.
const MOST_NESTED: usize = 64;

impl FromWorker {
    /// Takes one line, without its newline. An error is what is wrong with it.
    pub fn parse(line: &[u8]) -> Result<FromWorker, String> {
        let message = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        match &message {
            FromWorker::Facts(facts) if facts.values().any(|it| is_deeper(it, MOST_NESTED)) => {
                Err(format!("its facts are nested more than {MOST_NESTED} deep"))
            }
            _ => Ok(message),
        }
    }
}

fn is_deeper(value: &serde_json::Value, most: usize) -> bool {
    let Some(most) = most.checked_sub(1) else {
        return true;
    };
    match value {
        serde_json::Value::Array(items) => items.iter().any(|it| is_deeper(it, most)),
        serde_json::Value::Object(members) => members.values().any(|it| is_deeper(it, most)),
        _ => false,
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// What to do: sent once, after the worker's hello, to crashpoint's own workers.
    Job(serde_json::Value),
    Ack {
        id: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    pub protocol: u32,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Which image a phase belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageAt {
    /// In the run's list of images, from 1.
    pub index: u32,
    /// The n-th analysis within this worker, from 1.
    pub position: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseStart {
    /// The worker's own number for this marker; it comes back in the acknowledgement.
    pub id: u64,
    pub name: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageAt>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseDone {
    pub id: u64,
    /// By the worker's own clock, without the wait for the acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<AllocatorMemory>,
}

/// The allocator's own two numbers; on CUDA the memory pool's used and reserved. What is reserved and
/// not allocated the pool keeps for later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllocatorMemory {
    pub allocated_bytes: u64,
    pub reserved_bytes: u64,
    /// The most at any moment since the phase began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated_high_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_high_bytes: Option<u64>,
}

impl AllocatorMemory {
    /// The larger of each number: the highs count where they are known.
    pub fn peak(self, other: AllocatorMemory) -> AllocatorMemory {
        let high = |now: u64, high: Option<u64>| high.unwrap_or(now).max(now);
        AllocatorMemory {
            allocated_bytes: self
                .allocated_bytes
                .max(high(other.allocated_bytes, other.allocated_high_bytes)),
            reserved_bytes: self
                .reserved_bytes
                .max(high(other.reserved_bytes, other.reserved_high_bytes)),
            ..self
        }
    }
}

/// What came of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageResult {
    pub index: u32,
    pub position: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// SHA-256 over the generated tokens: same input and settings, same digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<String>,
    /// The worker's resident memory when the image was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<WorkerError>,
}

/// An error in the worker's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerError {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    pub message: String,
    /// Nothing was tried: the request was turned down beforehand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}
