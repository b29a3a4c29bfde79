//! What a GPU was like after an attempt on it, and whether that is as it was before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A desktop and other programs come and go by less than this.
const OTHERS_BYTES: u64 = 128 << 20;

/// Looked at after every attempt on a GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceCheck {
    pub attempt: u32,
    pub device: String,
    /// Its UUID, where it could be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// In use on the whole device before the first attempt, or after the last one that left more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_bytes: Option<u64>,
    /// In use when it had come back to that, or when the wait for it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_bytes: Option<u64>,
    pub waited_seconds: f64,
    /// Fresh processes that allocated, launched and synchronised, or tried to; none where the worker
    /// has no such check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Try {
    pub result: TryResult,
    /// What it printed as errors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TryResult {
    Worked,
    Failed,
    /// It did not end in time, and was killed.
    Hung,
    /// It did not end in time, and could not be killed either.
    Unkillable,
}

impl DeviceCheck {
    /// What more is in use than before, beyond what others may have taken meanwhile.
    pub fn left_bytes(&self) -> Option<u64> {
        let more = self.used_bytes?.checked_sub(self.baseline_bytes?)?;
        (more > OTHERS_BYTES).then_some(more)
    }

    /// The first try that did not work.
    pub fn stumble(&self) -> Option<&Try> {
        self.tries.iter().find(|it| it.result != TryResult::Worked)
    }

    /// Nothing more may be run on a device on which nothing works any more.
    pub fn is_lost(&self) -> bool {
        let last = self.tries.last();
        last.is_some_and(|it| it.result != TryResult::Worked)
    }

    /// A process that cannot be killed makes any further one wait for what it waits for.
    pub fn is_worth_a_try(&self, most: usize) -> bool {
        match self.tries.last() {
            None => true,
            Some(last) => {
                let again = matches!(last.result, TryResult::Failed | TryResult::Hung);
                again && self.tries.len() < most
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn memory(baseline: Option<u64>, used: Option<u64>) -> Option<u64> {
        let check = DeviceCheck {
            baseline_bytes: baseline,
            used_bytes: used,
            ..DeviceCheck::default()
        };
        check.left_bytes()
    }

    fn tried(results: &[TryResult]) -> DeviceCheck {
        let tries = results.iter().map(|&result| Try {
            result,
            said: String::new(),
        });
        DeviceCheck {
            tries: tries.collect(),
            ..DeviceCheck::default()
        }
    }

    #[test]
    fn memory_is_left_only_where_both_numbers_say_so() {
        assert_eq!(memory(Some(500 * MIB), Some(900 * MIB)), Some(400 * MIB));
        assert_eq!(memory(Some(500 * MIB), Some(628 * MIB)), None);
        assert_eq!(memory(Some(900 * MIB), Some(500 * MIB)), None);
        assert_eq!(memory(None, Some(900 * MIB)), None);
        assert_eq!(memory(Some(0), None), None);
    }

    #[test]
    fn a_device_is_lost_when_the_last_try_did_not_work() {
        use TryResult::{Failed, Hung, Unkillable, Worked};
        let lost = |results: &[TryResult]| tried(results).is_lost();
        assert!(!lost(&[]) && !lost(&[Worked]) && !lost(&[Failed, Worked]));
        assert!(lost(&[Failed, Hung]) && lost(&[Unkillable]));
        assert!(tried(&[Failed, Worked]).stumble().is_some());
        assert!(tried(&[Worked]).stumble().is_none());
        let another = |results: &[TryResult]| tried(results).is_worth_a_try(2);
        assert!(another(&[]) && another(&[Hung]) && another(&[Failed]));
        assert!(!another(&[Worked]) && !another(&[Failed, Failed]) && !another(&[Unkillable]));
    }
}
