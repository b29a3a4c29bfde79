//! Xids: the first in time decides, not the worst number; follow-ups and recoveries do not count.

use super::Bundle;
use super::cause::Candidate;
use crate::diagnose::facts::{Fact, XidLine};
use crate::diagnose::sighting::Sighting;
use crate::diagnose::source::Source;
use crate::knowledge::{Layer, xid};
use crate::verdict::{Class, Confidence};

/// NVIDIA's own rule for what belongs to one burst.
const BURST_SECONDS: f64 = 180.0;
/// Never a cause: a repair, a recovery action, details of another.
const NEVER: [u32; 4] = [154, 63, 171, 172];
/// Only what an application's own fault leaves behind.
const FOLLOW_UPS: [u32; 2] = [43, 45];

pub fn first<'a>(bundle: &'a Bundle<'_>) -> Option<Candidate<'a>> {
    let lines: Vec<(&Sighting, &XidLine)> = bundle
        .sightings
        .iter()
        .filter_map(|it| match &it.fact {
            Some(Fact::Xid(line)) => Some((it, line)),
            _ => None,
        })
        .collect();
    let burst = last_burst(&lines);
    let counts = |number: u32| !NEVER.contains(&number) && !FOLLOW_UPS.contains(&number);
    let (sighting, line) = burst
        .iter()
        .find(|(_, line)| counts(line.number))
        .or_else(|| burst.iter().find(|(_, line)| line.number == 63))
        .or_else(|| burst.iter().find(|(_, line)| line.number != 154))?;
    let number = line.caused_by.unwrap_or(line.number);
    let known = xid(number);
    let (class, mut confidence) = match number {
        94 if line.text.contains("Contained:") => (Class::GpuEccError, Confidence::Certain),
        _ => (known?.class?, known?.confidence?),
    };
    // NVML's events carry the last number there was, which need not be each one's own.
    if sighting.source == Source::Nvml {
        confidence = confidence.min(Confidence::Likely);
    }
    // Another process was named, and with a channel that process is the one.
    let channel = line.text.contains("Ch");
    let other = line.pid.zip(bundle.pid).is_some_and(|(a, b)| a != b);
    if channel && other {
        confidence = confidence.min(Confidence::Possible);
    }
    let of_program = known.is_some_and(|it| it.layer == Layer::Application)
        || matches!(number, 13 | 31 | 32 | 69 | 109);
    Some(Candidate::new(
        bundle,
        sighting,
        class,
        confidence,
        match number {
            // What the program says of its own fault names more than its echo in the kernel.
            number if FOLLOW_UPS.contains(&number) => 3,
            _ if of_program => 5,
            _ => 10,
        },
    ))
}

/// The burst that was nearest to the end, on whatever GPU it began.
fn last_burst<'a, 'b>(
    lines: &'b [(&'a Sighting, &'a XidLine)],
) -> &'b [(&'a Sighting, &'a XidLine)] {
    let mut start = 0;
    for (place, pair) in lines.windows(2).enumerate() {
        if let [(_, before), (_, after)] = pair
            && let (Some(before), Some(after)) = (before.seconds, after.seconds)
            && after - before > BURST_SECONDS
        {
            start = place + 1;
        }
    }
    lines.get(start..).unwrap_or_default()
}
