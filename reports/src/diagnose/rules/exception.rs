//! An exception that nobody caught: of a chain the first, which is the cause of the rest.

use super::Bundle;
use super::cause::{Candidate, rank};
use crate::diagnose::sighting::Sighting;
use crate::diagnose::source::Source;
use crate::verdict::{Class, Confidence};

/// The exception of the last chain of tracebacks: those before it were caught and logged. Where a
/// parent reports a dead child, the chain that the child printed comes first.
pub fn uncaught<'a>(bundle: &'a Bundle<'_>) -> Option<Candidate<'a>> {
    let of = |source| find(bundle, source);
    let sighting = of(Source::Stderr)
        .or_else(|| of(Source::ServiceLog))
        .or_else(|| of(Source::Stdout))?;
    // 1 is what Python itself leaves with.
    let code = bundle.ending.and_then(|it| it.code);
    let confidence = match (bundle.ending, code) {
        (None, _) | (_, Some(1)) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    Some(Candidate::new(
        bundle,
        sighting,
        Class::ApplicationException,
        confidence,
        rank(sighting.message.role, sighting.source),
    ))
}

fn find<'a>(bundle: &'a Bundle<'_>, source: Source) -> Option<&'a Sighting> {
    let has_child = bundle.sightings.has("dead_child");
    let mut found = None;
    let mut linked = false;
    let mut heads = 0;
    for sighting in bundle.sightings.iter().filter(|it| it.source == source) {
        match sighting.message.id.as_str() {
            "traceback" if !linked && !has_child => {
                heads += 1;
                if heads > 1 {
                    found = None;
                }
            }
            "exception_link" => linked = true,
            "exception" => {
                if found.is_none() {
                    found = Some(sighting);
                }
                linked = false;
            }
            _ => {}
        }
    }
    found
}
