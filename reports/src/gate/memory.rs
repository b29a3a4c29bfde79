//! Peaks of memory: of a worker's process, and of the GPU's allocator. What a process takes depends on
//! what it does and hardly on the machine's mood, so attempts are compared without more ado.

use super::decision::{Judgement, Rule};
use super::ranked::{self, Words};
use super::values::{Figure, Values};
use super::{Limits, Sides};
use crate::outcome::Outcome;
use crate::report::{Attempt, Case};

const WORDS: Words = Words {
    worse: "more",
    better: "less",
};

#[derive(Clone, Copy)]
pub enum Memory {
    Worker,
    Gpu,
}

pub const FIGURES: [(Rule, Memory); 2] = [
    (Rule::PeakMemory, Memory::Worker),
    (Rule::GpuMemory, Memory::Gpu),
];

pub fn judge(sides: &Sides<'_>, memory: Memory, limits: &Limits) -> Judgement {
    let figure: Figure = match memory {
        Memory::Worker => worker,
        Memory::Gpu => gpu,
    };
    ranked::judge(
        &Values::of(sides, figure),
        limits.max_memory_growth,
        WORDS,
        false,
    )
}

/// What died did not come as far as its peak.
fn of_survivor(case: &Case, attempt: &Attempt, bytes: Option<u64>) -> Vec<(String, f64)> {
    let bytes = bytes.filter(|_| attempt.outcome == Outcome::Survived);
    bytes
        .map(|bytes| (case.name.clone(), bytes as f64))
        .into_iter()
        .collect()
}

fn worker(case: &Case, attempt: &Attempt) -> Vec<(String, f64)> {
    of_survivor(case, attempt, attempt.peak_rss_bytes)
}

/// In use, not taken from the device: what the pool keeps is its habit.
fn gpu(case: &Case, attempt: &Attempt) -> Vec<(String, f64)> {
    let phases = attempt.phases.iter().filter_map(|phase| phase.memory);
    let peak = phases
        .map(|memory| {
            memory
                .allocated_high_bytes
                .unwrap_or(memory.allocated_bytes)
        })
        .max();
    of_survivor(case, attempt, peak)
}
