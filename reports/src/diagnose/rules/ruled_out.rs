//! The usual rivals that the evidence excludes. Never because nothing was seen where nobody looked.

use super::Bundle;
use crate::verdict::{Class, RuledOut, Verdict};
use crate::words::percent;

/// With so much to be had, memory is not what a process dies of.
const ENOUGH_SHARE: f64 = 0.2;

pub fn ruled_out(bundle: &Bundle<'_>, verdict: &Verdict) -> Vec<RuledOut> {
    let mut out = Vec::new();
    let mut add = |class: Class, because: String| {
        if verdict.class != class && !verdict.ruled_out.iter().any(|it| it.class == class) {
            out.push(RuledOut { class, because });
        }
    };
    if let Some(group) = bundle.cgroup()
        && group.oom_kills == Some(0)
    {
        add(
            Class::HostOomCgroup,
            format!(
                "memory.events of {} counted no OOM kill while it ran",
                group.path
            ),
        );
    }
    if let Some(line) = bundle.sightings.first("not_oom_killed") {
        add(
            Class::HostOomCgroup,
            format!("{}:{} says that it was not", line.source, line.line),
        );
    }
    let log = bundle.gathered.and_then(|it| it.kernel_log.as_ref());
    let whole = log.filter(|log| !log.lost_some && log.cut_lines == 0);
    if let Some(log) = whole
        && !bundle.sightings.has("kernel_oom")
    {
        add(
            Class::HostOomKernel,
            format!(
                "the kernel log of that time was read whole ({}, {} lines) and has no OOM kill",
                log.source,
                log.lines.len()
            ),
        );
    } else if let Some(share) = bundle
        .extremes
        .and_then(|it| it.memory_available_min_share())
        && share > ENOUGH_SHARE
    {
        add(
            Class::HostOomKernel,
            format!(
                "at least {} of the host's memory was available",
                percent(share)
            ),
        );
    }
    if let Some(log) = whole
        && bundle.extremes.is_some_and(|it| !it.gpus.is_empty())
        && !bundle.sightings.has("xid")
        && !bundle.sightings.has("nvrm_off_bus")
    {
        add(
            Class::GpuFellOffBus,
            format!("no Xid in the kernel log of that time ({})", log.source),
        );
    }
    out
}
