//! The report: what a run came to, for people and for other programs.
//!
//! `report.json` is this structure. Fields are only ever added within one schema version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device_check::DeviceCheck;
use crate::ending::Ending;
use crate::environment::Environment;
use crate::event::{
    Configured, Header, LeftBehind, Output, Purpose, Settings, ThreadState, Usage, Variation,
};
use crate::gathered::Gathered;
use crate::gpu::{GpuCall, GpuCounters, GpuProcess};
use crate::lint;
use crate::observed::Observed;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::protocol::{AllocatorMemory, ImageAt, WorkerError};
use crate::recovery::Recovery;
use crate::sample::Sample;
use crate::signature::Signature;
use crate::statistics::{Interval, Proportion, Spread};
use crate::time_line::TimeLine;
use crate::verdict::Verdict;
use crate::words::counted;

pub const SCHEMA: &str = "crashpoint.report/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `crashpoint.report/1`.
    pub schema: String,
    pub run: Run,
    /// `null` if the run ended before it was captured.
    pub environment: Option<Environment>,
    pub summary: Summary,
    /// Known mistakes that were seen before anything was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preflight: Vec<lint::Finding>,
    pub cases: Vec<Case>,
    /// Of every planned attempt that died, failed or was never reported; an interrupted one is not
    /// here.
    pub crash_points: Vec<CrashPoint>,
    /// The crashes by their signature, in the order in which they were first seen.
    #[serde(default)]
    pub crashes: Vec<CrashGroup>,
    /// What was found out about each failed case by trying it again.
    #[serde(default)]
    pub reproductions: Vec<Reproduction>,
    pub findings: Vec<Finding>,
    pub statistics: Statistics,
    /// What the probes saw of the machine; `null` without a sample.
    #[serde(default)]
    pub observed: Option<Observed>,
    pub differential: Vec<Suspect>,
    /// Every GPU that was watched, by NVML's index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuRecord>,
    /// `null` if nothing was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_line: Option<TimeLine>,
    /// What ended the run, if it did not end by itself and somebody looked: the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    pub journal: JournalState,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    pub id: String,
    pub header: Option<Header>,
    pub settings: Option<Settings>,
    /// Options that a configuration file or a profile gave a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configured: Vec<Configured>,
    /// RFC 3339, UTC.
    pub started: Option<String>,
    pub ended: Option<String>,
    pub seconds: f64,
    /// How long the machine slept meanwhile, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slept_seconds: Option<f64>,
    /// The run came to its own end, or was interrupted and said so.
    pub complete: bool,
    /// The signal that interrupted it.
    pub interrupted_by: Option<i32>,
    /// What went wrong with the harness or its probes while the run went on.
    pub troubles: Vec<String>,
}

/// Exact numbers carry their unit in the name; strings are for reading. Only planned attempts are
/// counted here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The sentence to read first.
    pub headline: String,
    pub attempts: u32,
    pub attempts_survived: u32,
    pub cases: u32,
    pub cases_skipped: u32,
    /// Images whose analysis began.
    pub total_analyses: u32,
    pub analyses_succeeded: u32,
    /// Of the analyses, as in "100%"; `null` without any.
    pub success_rate: Option<String>,
    /// The first crash point as a sentence.
    pub crash_point: Option<String>,
    /// Peak of what the allocator held in use, in GiB; `null` without a GPU.
    pub gpu_memory_allocated: Option<String>,
    pub gpu_memory_allocated_bytes: Option<u64>,
    /// Peak of what the allocator had taken from the device.
    pub gpu_memory_reserved: Option<String>,
    pub gpu_memory_reserved_bytes: Option<u64>,
    /// Peak share of the host's memory in use, in percent.
    pub system_memory_usage: Option<String>,
    pub system_memory_used_bytes: Option<u64>,
    pub system_memory_total_bytes: Option<u64>,
    /// Whether the critical image (the fifth, if not told otherwise) survived every analysis;
    /// `null` if it was never analysed.
    pub critical_test_passed: Option<bool>,
    /// Median over the attempts.
    pub load_seconds: Option<f64>,
    pub peak_rss_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    pub name: String,
    pub scenario: String,
    pub title: String,
    /// Indices, in the order of analysis.
    pub images: Vec<u32>,
    pub expected: Outcome,
    /// Why it was not tried, if it was not.
    pub skipped: Option<String>,
    pub attempts: Vec<Attempt>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Counts the attempts at this case, from 1.
    pub n: u32,
    /// Counts through the whole run, from 1.
    pub number: u32,
    /// Where its output is, within the run directory.
    pub folder: String,
    pub command: Vec<String>,
    /// The UUID of the GPU that it ran on, where that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    #[serde(default)]
    pub purpose: Purpose,
    pub diagnostic: bool,
    /// The command line that does the same in a run of its own, where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<String>,
    /// What it does otherwise than its case says.
    #[serde(default, skip_serializing_if = "Variation::is_none")]
    pub variation: Variation,
    pub outcome: Outcome,
    pub ending: Ending,
    /// Which limit was broken, where crashpoint ended it.
    pub limit: Option<String>,
    /// The program could not be started at all.
    pub spawn_error: Option<String>,
    /// The first error that the worker reported.
    pub error: Option<WorkerError>,
    /// Whether the worker reported its work as finished; `null` for one that need not.
    pub said_done: Option<bool>,
    /// Of the death or failure; of a surviving attempt its strongest finding's; otherwise `null`.
    pub verdict: Option<Verdict>,
    /// What tells this crash from others; `null` if it did not crash.
    #[serde(default)]
    pub signature: Option<Signature>,
    pub crash_point: Option<CrashPoint>,
    pub seconds: f64,
    /// From the spawn of the process to the worker's first message.
    pub start_seconds: Option<f64>,
    pub phases: Vec<PhaseRecord>,
    pub images: Vec<ImageRecord>,
    pub facts: serde_json::Map<String, serde_json::Value>,
    pub peak_rss_bytes: Option<u64>,
    pub usage: Option<Usage>,
    pub stdout: Option<Output>,
    pub stderr: Option<Output>,
    pub left_behind: Vec<LeftBehind>,
    pub threads: Vec<ThreadState>,
    /// How the worker broke the protocol.
    pub violations: Vec<String>,
    /// What was gathered about its ending; `null` if it survived or nobody could.
    #[serde(default)]
    pub gathered: Option<Gathered>,
    /// What the GPU was like after it; absent where it was not on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_check: Option<DeviceCheck>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageAt>,
    /// Since the attempt began.
    pub start_seconds: f64,
    /// `null` if it never ended.
    pub seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<AllocatorMemory>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRecord {
    pub index: u32,
    pub position: u32,
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub outcome: Outcome,
    pub seconds: Option<f64>,
    pub prompt_tokens: Option<u32>,
    pub tokens: Option<u32>,
    pub tokens_per_second: Option<f64>,
    pub text: Option<String>,
    pub token_digest: Option<String>,
    pub rss_bytes: Option<u64>,
    pub error: Option<WorkerError>,
}

/// Where an attempt died: the last acknowledged marker whose phase has no end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CrashPoint {
    pub case: String,
    /// Of this case, from 1.
    pub attempt: u32,
    /// `null` outside the analysis of an image.
    pub image: Option<u32>,
    pub position: Option<u32>,
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub phase: Phase,
    #[serde(default)]
    pub signature: Option<Signature>,
    /// Tokens of this image that existed by then: at least so many.
    pub token: Option<u32>,
    /// Where in the phase, by the worker's own word, if it gave it: a layer of the model, from 1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// or a part of the phase, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What its allocator held in use then, by its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
    pub last_sample: Option<Sample>,
    /// From the last sample to the ending.
    pub last_sample_age_seconds: Option<f64>,
    /// Of an attempt that nobody saw end: from the last that was heard of this phase to the end of
    /// the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_ends_seconds: Option<f64>,
}

impl Report {
    /// Of all GPUs, at any time.
    pub fn hottest_gpu_celsius(&self) -> Option<u32> {
        self.gpus.iter().filter_map(|gpu| gpu.max_celsius).max()
    }
}

impl Attempt {
    /// Whether it counts in what is said of the run. An attempt that was made *because* something
    /// had crashed would count that crash once more for every look that is taken at it, and make
    /// the rate a measure of curiosity; it gives the case's own k of n instead.
    pub fn counts(&self) -> bool {
        self.purpose.is_planned() && !self.diagnostic
    }

    /// It ended by a fault of its own, as far as anybody saw.
    pub fn crashed(&self) -> bool {
        matches!(self.outcome, Outcome::Died | Outcome::Failed)
    }
}

impl CrashPoint {
    /// In words: `fifth, image 5, phase decode, after 41 tokens, layer 17`.
    pub fn place(&self) -> String {
        let mut place = self.case.clone();
        if self.attempt > 1 {
            place += &format!(", attempt {}", self.attempt);
        }
        if let Some(image) = self.image {
            place += &format!(", image {image}");
        }
        if let Some(position) = self.position
            && self.position != self.image
        {
            place += &format!(" at position {position}");
        }
        place += &format!(", phase {}", self.phase);
        if let Some(token) = self.token {
            place += &format!(", after {}", counted(token as usize, "token"));
        }
        if let Some(layer) = self.layer {
            place += &format!(", layer {layer}");
        }
        if let Some(step) = &self.step {
            place += &format!(", step {step}");
        }
        place
    }
}

/// One crash, however often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrashGroup {
    pub signature: Signature,
    /// Planned attempts that ended in it.
    pub attempts: u32,
    /// Further ones that were made because of it.
    pub in_triage: u32,
    pub cases: Vec<String>,
    /// Where it was first seen.
    pub first: String,
}

/// Whether a crash came again, and how little was enough for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reproduction {
    pub case: String,
    pub signature: Signature,
    pub finding: Recurrence,
    /// Of the attempts at the case as it was planned, the first crash and the repeats of it, those
    /// that ended in this crash. The interval is the case's own, and no rate of the run.
    pub same: Proportion,
    /// Those that ended in another crash.
    pub otherwise: u32,
    /// With the GPU made to tell more; `null` if there was no reason for it.
    pub diagnostic: Option<DiagnosticRun>,
    /// The smallest input that was seen to end in this crash; `null` if it never came again.
    pub smallest: Option<SmallestInput>,
    /// Every smaller input that was tried, in order.
    pub tried: Vec<TriedInput>,
    /// Why nothing smaller was looked for, or not to the end.
    pub because: Option<String>,
    /// All of this in a sentence.
    pub conclusion: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// In every attempt.
    Always,
    /// In more than one, and not in all.
    Sometimes,
    /// In none but the first.
    NotAgain,
    /// It was not tried again.
    NotTried,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnosticRun {
    /// The attempt's number in the run.
    pub number: u32,
    pub outcome: Outcome,
    /// It ended in the same crash; under changed conditions it may show another face.
    pub same: bool,
    pub folder: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SmallestInput {
    /// Indices, in the order of analysis.
    pub images: Vec<u32>,
    pub files: Vec<String>,
    pub max_new_tokens: Option<u32>,
    /// Of the attempts with this input, those that ended in this crash.
    pub same: u32,
    pub of: u32,
    /// To be pasted into a shell; `null` where no command line says the same.
    pub command: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TriedInput {
    pub images: Vec<u32>,
    pub max_new_tokens: Option<u32>,
    pub same: u32,
    /// Ended in another crash.
    pub otherwise: u32,
    pub of: u32,
}

/// What became of one GPU over the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuRecord {
    pub index: u32,
    pub uuid: String,
    pub name: Option<String>,
    pub memory_used_max_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub power_max_milliwatts: Option<u64>,
    pub max_celsius: Option<u32>,
    /// It did not answer for so long.
    pub longest_silence_seconds: Option<f64>,
    /// Every reason that was seen.
    pub throttled: Vec<ThrottleShare>,
    /// As NVML told them, in the order of time.
    pub xids: Vec<XidRecord>,
    pub counters_first: Option<GpuCounters>,
    pub counters_last: Option<GpuCounters>,
    /// Those on it when that changed last, with what they had then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<GpuProcess>,
    /// The call into NVML that took longest of those that came back.
    pub slowest_call: Option<GpuCall>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThrottleShare {
    /// As NVML's constant is called, such as `sw_power_cap`.
    pub reason: String,
    /// Of the samples in which NVML said why, from 0 to 1.
    pub share: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct XidRecord {
    pub xid: u64,
    pub name: Option<String>,
    /// Since the run began.
    pub seconds: f64,
}

/// Something worth saying without a death.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    pub case: String,
    pub attempt: u32,
    pub image: Option<u32>,
    pub what: String,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Over attempts (processes): analyses within one process are not independent.
    pub crash_rate: Option<Proportion>,
    pub image_seconds: Option<Spread>,
    pub tokens_per_second: Option<Spread>,
    pub load_seconds: Option<Spread>,
    pub by_case: Vec<CaseStatistics>,
    /// The worker's resident memory against the number of images, in the case with the most of them.
    pub memory_slope: Option<MemorySlope>,
    /// The time for an image against the number of images, in the case with the most of them.
    #[serde(default)]
    pub time_slope: Option<TimeSlope>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseStatistics {
    pub case: String,
    pub crash_rate: Proportion,
    pub image_seconds: Option<Spread>,
    pub tokens_per_second: Option<Spread>,
    pub load_seconds: Option<Spread>,
    pub peak_rss_bytes: Option<u64>,
}

/// Theil-Sen over the values after the first image, with a 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemorySlope {
    pub case: String,
    pub attempt: u32,
    /// Images that it was made of.
    pub n: u32,
    pub bytes_per_image: Interval,
    pub median_rss_bytes: u64,
}

/// Theil-Sen over the values after the first image, with a 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSlope {
    pub case: String,
    pub attempt: u32,
    /// Images that it was made of.
    pub n: u32,
    /// What each image takes longer than the one before it.
    pub seconds_per_image: Interval,
    pub median_seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuspectFinding {
    Supported,
    RuledOut,
    NotTested,
}

/// One line of the differential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    pub suspect: String,
    pub finding: SuspectFinding,
    /// The measured values, by name with their unit.
    pub numbers: serde_json::Map<String, serde_json::Value>,
    pub because: String,
    /// What would decide, for a person to do: crashpoint changes no setting of a machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// What to do, and what the result would mean.
    pub what: String,
    /// To be pasted into a shell, in this order.
    pub commands: Vec<String>,
}

/// What the reader of the journal found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JournalState {
    pub records: u64,
    pub bytes: u64,
    /// Its last record says that the run ended.
    pub complete: bool,
    /// Bytes after the last whole record: an interrupted write.
    pub torn_tail_bytes: u64,
    /// Broken lines with whole ones after them: the first of them, if there are many.
    pub damage: Vec<Damage>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub damage_left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Damage {
    pub segment: String,
    pub offset: u64,
    pub what: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
