//! Memory that a program itself was seen to lose: the same measurement, always in one direction.

use std::collections::BTreeMap;

use super::Bundle;
use super::cause::Candidate;
use crate::diagnose::facts::Fact;
use crate::diagnose::sighting::Sighting;
use crate::verdict::{Class, Confidence};

/// Two values are a coincidence.
const LEAST: usize = 4;
/// Relative to the first value.
const CHANGE: f64 = 0.04;

pub fn series<'a>(bundle: &'a Bundle<'_>) -> Option<Candidate<'a>> {
    let mut by_name: BTreeMap<&str, Vec<(f64, &Sighting)>> = BTreeMap::new();
    for sighting in bundle.sightings.iter() {
        if let Some(Fact::Measured(read)) = &sighting.fact {
            let values = by_name.entry(&read.name).or_default();
            values.push((read.value, sighting));
        }
    }
    let (name, sighting) = by_name.iter().find_map(|(name, values)| {
        let shrinks = name.contains("free") || name.contains("avail");
        let (first, last) = (values.first()?, values.last()?);
        let steady = values
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if if shrinks { b.0 <= a.0 } else { b.0 >= a.0 }));
        let change = (last.0 - first.0).abs() / first.0.max(f64::MIN_POSITIVE);
        (values.len() >= LEAST && steady && change >= CHANGE).then_some((*name, last.1))
    })?;
    let gpu = ["gpu", "vram", "cuda"].iter().any(|it| name.contains(it));
    let class = if gpu {
        Class::GpuMemoryLeak
    } else {
        Class::HostMemoryLeak
    };
    Some(Candidate::new(
        bundle,
        sighting,
        class,
        Confidence::Possible,
        2,
    ))
}
