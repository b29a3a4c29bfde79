//! What an attempt left a GPU in: memory that did not come back, a device that did not work any more.

use super::attempt::Finished;
use crate::device_check::{DeviceCheck, Try, TryResult};
use crate::diagnose;
use crate::diagnose::case;
use crate::report::Finding;
use crate::verdict::{Class, Confidence, Evidence, Verdict};
use crate::words::size;

/// Each is the doing of the attempt after which it was seen.
pub fn left(finished: &Finished) -> Vec<Finding> {
    let Some(check) = &finished.attempt.device_check else {
        return Vec::new();
    };
    let finding = |(what, verdict): (String, Verdict)| Finding {
        case: finished.case.clone(),
        attempt: finished.attempt.n,
        image: None,
        what,
        verdict,
    };
    let memory = check.left_bytes().map(|bytes| memory(check, bytes));
    let works = check.stumble().map(|stumble| works(check, stumble));
    memory.into_iter().chain(works).map(finding).collect()
}

fn memory(check: &DeviceCheck, bytes: u64) -> (String, Verdict) {
    let what = format!(
        "{} more are in use on {} than before it, {:.1} s after it ended",
        size(bytes),
        check.device,
        check.waited_seconds
    );
    let numbers = format!(
        "in use: {} before, {} after",
        size(check.baseline_bytes.unwrap_or_default()),
        size(check.used_bytes.unwrap_or_default())
    );
    let seen = vec![
        Evidence::new("nvml", what.clone()),
        Evidence::new("nvml", numbers),
        Evidence::new(
            "missing",
            "which process holds it: nvidia-smi --query-compute-apps=pid,used_memory --format=csv",
        ),
    ];
    // Somebody else's program may have begun meanwhile.
    let verdict = Verdict::new(Class::GpuMemoryLeak, Confidence::Possible, seen);
    (what, verdict)
}

fn works(check: &DeviceCheck, stumble: &Try) -> (String, Verdict) {
    let did = match stumble.result {
        TryResult::Worked | TryResult::Failed => "failed",
        TryResult::Hung => "hung, and was killed",
        TryResult::Unkillable => "hung, and could not be killed",
    };
    let then = if check.is_lost() {
        "it did not come back"
    } else {
        "it worked at the next try"
    };
    let device = &check.device;
    let what = format!("after it a fresh process on {device} {did}: {then}");
    let mut seen = vec![Evidence::new("device check", what.clone())];
    let said = stumble.said.trim();
    if !said.is_empty() {
        seen.push(Evidence::new("device check", said));
    }
    let (class, confidence) = match stumble.result {
        TryResult::Hung | TryResult::Unkillable => (Class::GpuHang, Confidence::Likely),
        TryResult::Worked | TryResult::Failed => named(said),
    };
    (what, Verdict::new(class, confidence, seen))
}

/// By the driver's own words.
fn named(said: &str) -> (Class, Confidence) {
    let evidence = case::Evidence {
        stderr: said.lines().map(str::to_owned).collect(),
        ..case::Evidence::default()
    };
    let verdict = diagnose::verdict(&evidence.bundle());
    (verdict.class, verdict.confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: TryResult, said: &str) -> DeviceCheck {
        DeviceCheck {
            device: "cuda:0".to_owned(),
            tries: vec![Try {
                result,
                said: said.to_owned(),
            }],
            ..DeviceCheck::default()
        }
    }

    #[test]
    fn a_device_that_does_not_work_any_more_is_named_by_what_was_said() {
        let said = "crashpoint-worker: cuda:0 failed: failed to launch: DriverError(CUDA_ERROR_ECC_UNCORRECTABLE, \"uncorrectable ECC error encountered\")";
        let lost = check(TryResult::Failed, said);
        let (what, verdict) = works(&lost, lost.stumble().unwrap());
        let wanted = "after it a fresh process on cuda:0 failed: it did not come back";
        assert_eq!(what, wanted);
        assert_eq!(verdict.class, Class::GpuEccError);
        let hung = check(TryResult::Unkillable, "");
        let (what, verdict) = works(&hung, hung.stumble().unwrap());
        assert!(what.contains("could not be killed"), "{what}");
        assert_eq!(verdict.class, Class::GpuHang);
        let silent = check(TryResult::Failed, "");
        let (_, verdict) = works(&silent, silent.stumble().unwrap());
        let unknown = (Class::Unknown, Confidence::None);
        assert_eq!((verdict.class, verdict.confidence), unknown);
    }

    #[test]
    fn memory_that_did_not_come_back_is_told_with_its_numbers() {
        let left = DeviceCheck {
            device: "cuda:1".to_owned(),
            baseline_bytes: Some(1 << 30),
            used_bytes: Some(3 << 30),
            waited_seconds: 10.0,
            ..DeviceCheck::default()
        };
        let (what, verdict) = memory(&left, left.left_bytes().unwrap());
        let wanted = "2.00 GiB more are in use on cuda:1 than before it, 10.0 s after it ended";
        assert_eq!(what, wanted);
        assert_eq!(verdict.class, Class::GpuMemoryLeak);
    }
}
