//! What crashpoint writes down, and what is made of it.
//!
//! Nothing here touches an operating system, a GPU or a thread: whoever only wants to read a
//! journal or a report needs this crate alone.

pub mod checkup;
pub mod compare;
pub mod device_check;
pub mod diagnose;
pub mod diagnosis;
pub mod ending;
pub mod env;
pub mod environment;
pub mod event;
pub mod explain;
pub mod fold;
pub mod gate;
pub mod gathered;
pub mod gpu;
pub mod history;
pub mod journal;
pub mod knowledge;
pub mod lint;
pub mod observed;
pub mod outcome;
pub mod page;
pub mod past;
pub mod phase;
pub mod protocol;
pub mod recovery;
pub mod render;
pub mod report;
pub mod sample;
pub mod sample_block;
pub mod schema;
pub mod signal;
pub mod signature;
pub mod statistics;
mod throttle;
pub mod time_line;
pub mod triage;
pub mod verdict;
mod words;

pub use ending::{Ending, EndingKind, WaitStatus};
pub use environment::Environment;
pub use event::{Event, Record};
pub use outcome::Outcome;
pub use phase::Phase;
pub use recovery::{Recovery, RunEnding};
pub use report::Report;
pub use sample::{GpuFinding, GpuSample, HostSample, Sample, WorkerSample};
pub use sample_block::SampleBlock;
pub use signature::Signature;
pub use verdict::{Class, Confidence, Evidence, RuledOut, Verdict};
