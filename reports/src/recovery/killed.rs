//! The supervisor was ended, and the machine went on: by whom, if anybody wrote that down.

use super::RunEnding;
use super::decide::{Answer, Question, RECORD_STOPS_US};
use super::found::LogLine;
use crate::diagnose::{Fact, Scope};
use crate::knowledge::Parser;
use crate::verdict::{Class, Confidence, Evidence};
use crate::words::duration;

/// Before the last record: what was written down a moment later happened a moment before.
const BEFORE_US: u64 = 5_000_000;
/// Of a kill that is told after it.
const TOLD_WITHIN_US: u64 = 120_000_000;

/// Those that end processes, and say so.
const KILLERS: [&str; 9] = [
    "systemd",
    "systemd-oomd",
    "earlyoom",
    "oomd",
    "nohang",
    "slurmstepd",
    "slurmd",
    "dockerd",
    "kubelet",
];

/// The machine is still in the boot that the run was in.
pub fn in_this_boot(question: &Question<'_>) -> Answer {
    let (confidence, gone) = question.gone;
    let mut evidence = vec![gone.clone()];
    let named = by_name(question);
    let known = named.is_some();
    let mut answer =
        named.unwrap_or_else(|| Answer::new(RunEnding::SupervisorKilled, confidence, Vec::new()));
    evidence.append(&mut answer.evidence);
    if !known {
        evidence.push(Evidence::new(
            "missing",
            "who ended it: no line of the kernel, a service manager or an out-of-memory daemon names its pid; the sender of a signal is recorded by nobody unless audit is told to",
        ));
    }
    Answer {
        confidence: answer.confidence.max(confidence),
        evidence,
        ..answer
    }
}

/// Somebody wrote down that it was ended, in a boot that is over by now.
pub fn on_record(question: &Question<'_>) -> Option<Answer> {
    by_name(question)
}

/// The record stops while the machine was still well: its log goes on, and the record should have.
pub fn before_the_machine(question: &Question<'_>) -> Option<Answer> {
    let last = question.run_boot().filter_map(|line| line.mono_us).max();
    let late_us = question.record_stops_before(last, RECORD_STOPS_US)?;
    Some(unseen(vec![Evidence::new(
        "previous_boot_log",
        format!(
            "the machine went on logging for {} after the last record, which is written every second",
            duration(late_us as f64 / 1e6)
        ),
    )]))
}

/// It ended before the machine did: more is not known.
pub fn unseen(evidence: Vec<Evidence>) -> Answer {
    Answer::new(RunEnding::SupervisorKilled, Confidence::Possible, evidence)
}

fn by_name(question: &Question<'_>) -> Option<Answer> {
    // Pids in these logs are those of the first namespace.
    let header = question.run.header.as_ref();
    let header = header.filter(|it| is_first_namespace(&it.pid_namespace))?;
    let until_us = question.run.last_mono_us.saturating_add(TOLD_WITHIN_US);
    let lines = || {
        question
            .run_boot_from(BEFORE_US)
            .filter(|line| line.mono_us.is_some_and(|at| at <= until_us))
    };
    let answer = |class, by: String, line: &LogLine| Answer {
        ended_by: RunEnding::SupervisorKilled,
        confidence: Confidence::Certain,
        class,
        by: Some(by),
        evidence: vec![Evidence::new(source(question), line.to_string())],
    };
    for line in lines().filter(|line| line.from == "kernel") {
        if let Some(Fact::KernelOom(oom)) = Fact::of(Parser::KernelOom, &line.text)
            && oom.killed
            && oom.pid == Some(header.pid)
        {
            let (class, whose) = match oom.scope {
                Some(Scope::Cgroup) => (Class::HostOomCgroup, "for a control group's limit"),
                _ => (Class::HostOomKernel, "for the whole machine"),
            };
            let by = format!("the kernel's OOM killer, {whose}");
            return Some(answer(class, by, line));
        }
        if faulted(&line.text, header.pid) {
            let by = "a fault of its own".to_owned();
            // It is no crash of what ran under it.
            return Some(answer(Class::Unknown, by, line));
        }
    }
    lines()
        .find(|line| KILLERS.contains(&line.from.as_str()) && kills(&line.text, header.pid))
        .map(|line| {
            let class = if line.from.contains("oom") || line.from == "nohang" {
                Class::HostOomUserspace
            } else {
                Class::KilledFromOutside
            };
            answer(class, line.from.clone(), line)
        })
}

fn source(question: &Question<'_>) -> &'static str {
    if question.is_same_boot() {
        "kernel_log"
    } else {
        "previous_boot_log"
    }
}

/// The number that Linux gives the namespace that everything begins in.
fn is_first_namespace(name: &str) -> bool {
    name == "pid:[4026531836]"
}

/// `crashpoint[4711]: segfault at 0 ip ...`
fn faulted(text: &str, pid: i32) -> bool {
    text.contains(&format!("[{pid}]: segfault at "))
        || text.contains(&format!("[{pid}] trap "))
        || text.contains(&format!("[{pid}] general protection"))
}

/// The pid as a number of its own, beside a word for ending a process.
fn kills(text: &str, pid: i32) -> bool {
    const WORDS: [&str; 6] = [
        "SIGKILL",
        "SIGTERM",
        "Killing process",
        "Killed",
        "killed",
        "Sending signal",
    ];
    let pid = pid.to_string();
    let named = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| word == pid);
    named && WORDS.iter().any(|it| text.contains(it))
}
