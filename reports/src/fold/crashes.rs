//! The same crash, taken together.

use super::attempt::Finished;
use crate::report::CrashGroup;

pub fn crashes(attempts: &[Finished]) -> Vec<CrashGroup> {
    let mut crashes: Vec<CrashGroup> = Vec::new();
    for finished in attempts {
        let attempt = &finished.attempt;
        let Some(signature) = &attempt.signature else {
            continue;
        };
        let known = crashes.iter().position(|it| it.signature == *signature);
        let place = known.unwrap_or_else(|| {
            let first = attempt.crash_point.as_ref().map(|point| point.place());
            crashes.push(CrashGroup {
                signature: signature.clone(),
                attempts: 0,
                in_triage: 0,
                cases: Vec::new(),
                first: first.unwrap_or_default(),
            });
            crashes.len() - 1
        });
        let Some(crash) = crashes.get_mut(place) else {
            continue;
        };
        if attempt.counts() {
            crash.attempts += 1;
        } else {
            crash.in_triage += 1;
        }
        if !crash.cases.contains(&finished.case) {
            crash.cases.push(finished.case.clone());
        }
    }
    crashes
}
