//! Findings: what is worth saying without a death.

use super::attempt::Finished;
use super::changed_output::changed_output;
use super::gpus::Watch;
use super::{device, gpu_findings, is_greedy};
use crate::event::Settings;
use crate::outcome::Outcome;
use crate::report::{Attempt, Finding, ImageRecord, MemorySlope, Statistics, TimeSlope};
use crate::verdict::{Class, Confidence, Evidence, Verdict};

/// Growth is material beyond both: a share of the worker's memory, and an amount that no allocator's
/// habits explain.
const MATERIAL_SHARE: f64 = 0.01;
const MATERIAL_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

/// A machine that others use as well slows down and speeds up by itself: this is beyond it.
const MATERIAL_SLOWDOWN: f64 = 0.5;
const MATERIAL_SECONDS: f64 = 0.05;

// No class of death fits these, so the action is not a class's.
const LEAVES_CHILDREN: &str = "Have the program wait for its children, or end them, before it leaves; crashpoint has ended them.";
const HELD_OPEN: &str = "Find the process that the program started outside its own group and that still writes there; it may also hold memory of the GPU.";
const DRIFT: &str = "Run `crashpoint run long --images-total 100` to confirm the slope, and compare its samples: clocks and temperatures that change point at heat or power, memory and caches that grow at the program. Until it is found, renew the worker every so many images.";
const BROKE_PROTOCOL: &str = "Correct the message in the program: docs/protocol.md has each with an example. What it said afterwards was not listened to.";

pub fn all(
    attempts: &[Finished],
    statistics: &Statistics,
    settings: Option<&Settings>,
    watch: &Watch,
) -> Vec<Finding> {
    let counted = || attempts.iter().filter(|it| it.attempt.counts());
    let mut findings: Vec<Finding> = counted().flat_map(of_attempt).collect();
    findings.extend(counted().flat_map(gpu_findings::of_attempt));
    findings.extend(counted().flat_map(device::left));
    let brought = |first| gpu_findings::brought_along(first, watch);
    findings.extend(counted().next().into_iter().flat_map(brought));
    if is_greedy(settings) {
        findings.extend(changed_output(attempts));
    }
    findings.extend(statistics.memory_slope.as_ref().and_then(leak));
    findings.extend(statistics.time_slope.as_ref().and_then(drift));
    findings
}

/// A surviving attempt takes the verdict of its strongest finding.
pub fn adopt(finished: &mut Finished, findings: &[Finding]) {
    if finished.attempt.outcome != Outcome::Survived {
        return;
    }
    finished.attempt.verdict = findings
        .iter()
        .filter(|it| it.case == finished.case && it.attempt == finished.attempt.n)
        .rev()
        .max_by_key(|it| it.verdict.confidence)
        .map(|it| it.verdict.clone());
}

/// Whether memory grew with the images beyond doubt, and by enough to matter.
fn is_growth(slope: &MemorySlope) -> bool {
    let growth = slope.bytes_per_image.estimate * f64::from(slope.n);
    slope.bytes_per_image.low > 0.0
        && growth > MATERIAL_BYTES
        && growth > MATERIAL_SHARE * slope.median_rss_bytes as f64
}

/// Whether images took longer and longer beyond doubt, and by enough to matter.
fn is_drift(slope: &TimeSlope) -> bool {
    // By the lower bound: times scatter far more than memory does.
    let at_least = slope.seconds_per_image.low * f64::from(slope.n);
    at_least > MATERIAL_SECONDS && at_least > MATERIAL_SLOWDOWN * slope.median_seconds
}

fn of_attempt(finished: &Finished) -> Vec<Finding> {
    let attempt = &finished.attempt;
    let finding = |image: Option<u32>, what: String, verdict: Verdict| Finding {
        case: finished.case.clone(),
        attempt: attempt.n,
        image,
        what,
        verdict,
    };
    let unexplained = |source: &str, text: String, action: &str| Verdict {
        action: action.to_owned(),
        ..Verdict::new(
            Class::Unknown,
            Confidence::None,
            vec![Evidence::new(source, text)],
        )
    };
    let mut findings: Vec<Finding> = attempt
        .images
        .iter()
        .filter(|image| image.outcome == Outcome::Failed)
        .filter_map(|image| {
            let error = failure_of(attempt, image)?;
            let what = format!("image {} failed: {}", image.index, error.1.text);
            let verdict = Verdict::new(error.0.0, error.0.1, vec![error.1]);
            Some(finding(Some(image.index), what, verdict))
        })
        .collect();
    if !attempt.left_behind.is_empty() {
        let names: Vec<String> = attempt
            .left_behind
            .iter()
            .map(|left| format!("{} (pid {})", left.name, left.pid))
            .collect();
        let what = format!("it left processes behind: {}", names.join(", "));
        findings.push(finding(
            None,
            what.clone(),
            unexplained("keeper", what, LEAVES_CHILDREN),
        ));
    }
    for (name, stream) in [("stdout", &attempt.stdout), ("stderr", &attempt.stderr)] {
        if stream.as_ref().is_some_and(|stream| stream.held_open) {
            let what = format!("something out of reach still held its {name} open after it ended");
            findings.push(finding(
                None,
                what.clone(),
                unexplained(name, what, HELD_OPEN),
            ));
        }
    }
    for violation in &attempt.violations {
        let what = format!("it broke the protocol: {violation}");
        findings.push(finding(
            None,
            what.clone(),
            unexplained("worker", what, BROKE_PROTOCOL),
        ));
    }
    findings
}

/// `None` for an image that has no result of its own: there the attempt's verdict says why.
fn failure_of(attempt: &Attempt, image: &ImageRecord) -> Option<((Class, Confidence), Evidence)> {
    match &image.error {
        Some(error) => {
            let why = match error.class {
                Some(Class::Unknown) => (Class::Unknown, Confidence::None),
                Some(class) => (class, Confidence::Certain),
                None => (Class::InputBroken, Confidence::Possible),
            };
            Some((why, Evidence::new("worker", error.message.clone())))
        }
        None if attempt.outcome == Outcome::Survived => Some((
            (Class::InputBroken, Confidence::Possible),
            Evidence::new("worker", "the worker gave no reason"),
        )),
        None => None,
    }
}

fn leak(slope: &MemorySlope) -> Option<Finding> {
    if !is_growth(slope) {
        return None;
    }
    let mib = |bytes: f64| bytes / (1024.0 * 1024.0);
    let what = format!(
        "the worker's memory grew with the images: {:.2} MiB an image (95 % interval {:.2} to {:.2}, {} images after the first)",
        mib(slope.bytes_per_image.estimate),
        mib(slope.bytes_per_image.low),
        mib(slope.bytes_per_image.high),
        slope.n,
    );
    let threshold = format!(
        "the whole growth is over {:.0} % of the median of {:.0} MiB, and over {:.0} MiB",
        MATERIAL_SHARE * 100.0,
        mib(slope.median_rss_bytes as f64),
        mib(MATERIAL_BYTES),
    );
    Some(Finding {
        case: slope.case.clone(),
        attempt: slope.attempt,
        image: None,
        verdict: Verdict::new(
            Class::HostMemoryLeak,
            Confidence::Possible,
            vec![
                Evidence::new("sample", what.clone()),
                Evidence::new("sample", threshold),
            ],
        ),
        what,
    })
}

fn drift(slope: &TimeSlope) -> Option<Finding> {
    if !is_drift(slope) {
        return None;
    }
    let ms = |seconds: f64| seconds * 1000.0;
    let what = format!(
        "images took longer and longer: {:.2} ms more each (95 % interval {:.2} to {:.2}, {} images, the median took {:.0} ms)",
        ms(slope.seconds_per_image.estimate),
        ms(slope.seconds_per_image.low),
        ms(slope.seconds_per_image.high),
        slope.n,
        ms(slope.median_seconds),
    );
    let threshold = format!(
        "even by the lower bound the whole growth is over {:.0} % of the median, and over {:.0} ms",
        MATERIAL_SLOWDOWN * 100.0,
        ms(MATERIAL_SECONDS),
    );
    Some(Finding {
        case: slope.case.clone(),
        attempt: slope.attempt,
        image: None,
        verdict: Verdict {
            action: DRIFT.to_owned(),
            ..Verdict::new(
                Class::Unknown,
                Confidence::None,
                vec![
                    Evidence::new("worker", what.clone()),
                    Evidence::new("worker", threshold),
                ],
            )
        },
        what,
    })
}
