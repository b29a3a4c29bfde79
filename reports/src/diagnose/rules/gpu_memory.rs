//! GPU memory by arithmetic: who held it, in what shape, and whether the request could ever fit.

use serde_json::Value;

use super::{Bundle, Evidence};
use crate::diagnose::facts::{Fact, GpuMemory};
use crate::verdict::{Class, Confidence, RuledOut, Verdict};
use crate::words::size;

const GIB: u64 = 1 << 30;
/// Of one device: more than any has that is sold.
const LARGEST_DEVICE: u64 = 300 * GIB;
/// A context, and what libraries take beside the allocator.
const CONTEXT: u64 = GIB;

pub fn refine(bundle: &Bundle<'_>, verdict: &mut Verdict) {
    let numbers = numbers(bundle);
    let fact = |name: &str| bundle.facts.get(name).and_then(Value::as_u64);
    let total = numbers.total.or_else(|| fact("gpu_memory_total_bytes"));
    let requested = numbers.requested;
    let mut say = |class, confidence, text: String| {
        verdict.class = class;
        verdict.confidence = confidence;
        verdict.evidence.push(Evidence::new("arithmetic", text));
    };
    if let Some(requested) = requested
        && requested > total.unwrap_or(LARGEST_DEVICE)
    {
        let of = total.map_or_else(
            || "more than any GPU has".to_owned(),
            |total| format!("the whole device has {}", size(total)),
        );
        say(
            Class::ConfigMemoryPlan,
            Confidence::Likely,
            format!("{} asked for at once: {of}", size(requested)),
        );
        return;
    }
    if let Some(items) = grew(bundle) {
        say(Class::GpuMemoryLeak, Confidence::Likely, items);
        return;
    }
    let (Some(total), Some(requested), Some(free)) = (total, requested, numbers.free) else {
        // "Out of memory" with most of the card free is about something else.
        let free = fact("gpu_memory_free_bytes");
        if let (Some(total), Some(free)) = (total, free)
            && free > total / 2
            && requested.is_none_or(|it| it < free)
        {
            say(
                Class::HostAllocFailed,
                Confidence::Possible,
                format!("{} of {} were free on the GPU", size(free), size(total)),
            );
        }
        return;
    };
    let unallocated = numbers.unallocated.unwrap_or(0);
    let allocated = numbers.allocated.unwrap_or(0);
    let (ours, others) = shares(&numbers, total, free);
    let pieces = unallocated + free >= requested && unallocated >= requested / 4;
    let crowded = others > total / 8 && free + unallocated + others >= requested;
    if crowded && (!pieces || others > unallocated) {
        say(
            Class::GpuOomOtherProcess,
            Confidence::Likely,
            format!(
                "this process holds about {} of {}, others about {}: without them {} would have fitted",
                size(ours),
                size(total),
                size(others),
                size(requested)
            ),
        );
    } else if pieces {
        say(
            Class::GpuOomFragmentation,
            Confidence::Likely,
            format!(
                "{} asked for, with {} reserved but unallocated and {} free: enough, but not in one piece",
                size(requested),
                size(unallocated),
                size(free)
            ),
        );
    } else {
        say(
            Class::GpuOom,
            Confidence::Likely,
            format!(
                "{} allocated and {} asked for, of {}",
                size(allocated.max(ours)),
                size(requested),
                size(total)
            ),
        );
        verdict.ruled_out.push(RuledOut {
            class: Class::GpuOomFragmentation,
            because: format!(
                "only {} were reserved but unallocated and {} free, {} asked for",
                size(unallocated),
                size(free),
                size(requested)
            ),
        });
    }
    if verdict.class != Class::GpuOomOtherProcess {
        verdict.ruled_out.push(RuledOut {
            class: Class::GpuOomOtherProcess,
            because: format!("others held about {} of {}", size(others), size(total)),
        });
    }
}

/// All numbers that were printed about the first failure; later lines fill in what it left out.
fn numbers(bundle: &Bundle<'_>) -> GpuMemory {
    let mut all = GpuMemory::default();
    for sighting in bundle.sightings.iter() {
        let Some(Fact::GpuMemory(found)) = &sighting.fact else {
            continue;
        };
        all.requested = all.requested.or(found.requested);
        all.total = all.total.or(found.total);
        all.free = all.free.or(found.free);
        all.ours = all.ours.or(found.ours);
        all.allocated = all.allocated.or(found.allocated);
        all.unallocated = all.unallocated.or(found.unallocated);
        if all.processes.is_empty() {
            all.processes.clone_from(&found.processes);
        }
    }
    all
}

/// What this process holds, and what others do.
fn shares(numbers: &GpuMemory, total: u64, free: u64) -> (u64, u64) {
    let pool = numbers.allocated.unwrap_or(0) + numbers.unallocated.unwrap_or(0);
    let named: u64 = numbers.processes.iter().sum();
    match numbers.ours {
        Some(ours) => (ours, total.saturating_sub(free + ours).max(named)),
        // In a container this process is one of those named: the one that the pool fits in best.
        None if !numbers.processes.is_empty() => {
            let own = numbers
                .processes
                .iter()
                .filter(|&&held| held + CONTEXT / 4 >= pool)
                .min();
            let ours = own.copied().unwrap_or(pool);
            (ours, named.saturating_sub(own.copied().unwrap_or(0)))
        }
        None => (
            pool,
            total.saturating_sub(free + pool).saturating_sub(CONTEXT),
        ),
    }
}

/// Items of the same kind went through before it failed.
fn grew(bundle: &Bundle<'_>) -> Option<String> {
    let count = |names: &[&str]| {
        let found = names.iter().find_map(|it| bundle.facts.get(*it));
        found.and_then(Value::as_u64)
    };
    let done = count(&[
        "items_completed",
        "images_completed",
        "requests_completed",
        "steps_completed",
        "batches_completed",
        "iterations_completed",
    ])?;
    let same = [
        "items_same_size",
        "same_size",
        "inputs_same_size",
        "same_input",
    ]
    .iter()
    .any(|it| bundle.facts.get(*it).and_then(Value::as_bool) == Some(true));
    (done >= 2 && same)
        .then(|| format!("{done} items of the same size went through before it failed"))
}
