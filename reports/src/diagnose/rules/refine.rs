//! Second thoughts about a class: the look-alikes that the other evidence tells apart.

use serde_json::Value;

use super::cause::Candidate;
use super::{Bundle, Evidence, gpu_memory};
use crate::diagnose::facts::Fact;
use crate::diagnose::source::Source;
use crate::ending::EndingKind;
use crate::verdict::{Class, Confidence, Verdict};
use crate::words::size;

pub fn refine(bundle: &Bundle<'_>, chosen: &Candidate<'_>, verdict: &mut Verdict) {
    match verdict.class {
        Class::GpuOom if chosen.sighting.is("cublas_handle") => {}
        Class::GpuOom => gpu_memory::refine(bundle, verdict),
        Class::HostAllocFailed => host_request(bundle, chosen, verdict),
        Class::GpuAbsent if chosen.sighting.is("no_gpu_build") => {}
        Class::GpuAbsent | Class::DriverNotLoaded => hidden(bundle, verdict),
        Class::LibraryMissing => loader(bundle, chosen, verdict),
        _ => {}
    }
}

fn bytes(bundle: &Bundle<'_>, name: &str) -> Option<u64> {
    bundle.facts.get(name).and_then(Value::as_u64)
}

fn is_true(bundle: &Bundle<'_>, name: &str) -> bool {
    bundle.facts.get(name).and_then(Value::as_bool) == Some(true)
}

/// A request that no machine, or not this one, could have met.
fn host_request(bundle: &Bundle<'_>, chosen: &Candidate<'_>, verdict: &mut Verdict) {
    let Some(Fact::GpuMemory(numbers)) = &chosen.sighting.fact else {
        return;
    };
    let Some(requested) = numbers.requested else {
        return;
    };
    let total = bytes(bundle, "host_memory_total_bytes").or_else(|| {
        let extremes = bundle.extremes?;
        extremes.memory_total_bytes
    });
    if let Some(total) = total.filter(|&total| requested > total) {
        verdict.class = Class::ConfigMemoryPlan;
        verdict.evidence.push(Evidence::new(
            "arithmetic",
            format!(
                "{} asked for at once, of {} that the machine has",
                size(requested),
                size(total)
            ),
        ));
    } else {
        verdict.evidence.push(Evidence::new(
            "arithmetic",
            format!("{} asked for at once", size(requested)),
        ));
    }
}

/// There is a GPU, and this process does not see it.
fn hidden(bundle: &Bundle<'_>, verdict: &mut Verdict) {
    let shown = bundle.sightings.has("smi_table") || bundle.sightings.has("smi_gpu");
    let works = bundle
        .sightings
        .iter()
        .any(|it| it.source == Source::Facts && it.is("fact_nvidia_smi_works"));
    let masked = bundle.sightings.has("fact_visible_devices");
    if shown || works || masked {
        verdict.class = Class::GpuNotVisible;
        verdict.confidence = verdict.confidence.min(Confidence::Likely);
        let why = bundle.sightings.any_of(&[
            "smi_table",
            "smi_gpu",
            "fact_nvidia_smi_works",
            "fact_visible_devices",
        ]);
        verdict.evidence.extend(why.map(|it| it.evidence()));
    } else if is_true(bundle, "container") {
        verdict.confidence = verdict.confidence.min(Confidence::Possible);
    }
}

/// The loader ends with 127; the same words in a program that went on prove nothing.
fn loader(bundle: &Bundle<'_>, chosen: &Candidate<'_>, verdict: &mut Verdict) {
    let loader = chosen.sighting.text.contains("error while loading shared");
    let went_on = bundle
        .ending
        .is_some_and(|it| it.kind != EndingKind::Exit || it.code != Some(127));
    if loader && went_on {
        verdict.confidence = verdict.confidence.min(Confidence::Possible);
    }
}
