//! What crashpoint writes down, and what is made of it.
//!
//! Nothing here touches an operating system, a GPU or a thread: whoever only wants to read a
//! journal or a report needs this crate alone.

pub mod ending;
pub mod phase;
pub mod sample;
pub mod verdict;

pub use ending::{Ending, EndingKind, WaitStatus};
pub use phase::Phase;
pub use sample::{GpuSample, HostSample, Sample, WorkerSample};
pub use verdict::{Class, Confidence, Evidence, RuledOut, Verdict};
