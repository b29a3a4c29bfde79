//! How sure a line makes, given all the others.

use super::Bundle;
use super::cause::Candidate;
use crate::knowledge::Role;
use crate::verdict::{Class, Confidence};

pub fn of(bundle: &Bundle<'_>, chosen: &Candidate<'_>, all: &[Candidate<'_>]) -> Confidence {
    let mut sure = chosen.confidence;
    // An echo or a circumstance alone is a lead, but for an exception, which says what it is.
    if chosen.message().role == Role::Echo && !chosen.sighting.is("exception") {
        sure = sure.min(Confidence::Likely);
    }
    // Another cause speaks as loudly.
    let rival = all.iter().any(|it| {
        it.class != chosen.class
            && it.rank >= chosen.rank
            && it.sighting.line != chosen.sighting.line
            && !chosen.message().explains.contains(&it.class)
    });
    if rival {
        sure = sure.min(Confidence::Likely);
    }
    // A kill needs a killer: an error before it may have been survived.
    let killed = bundle.ending.is_some_and(|it| it.signal == Some(9));
    let of_killer = matches!(
        chosen.class,
        Class::HostOomKernel
            | Class::HostOomCgroup
            | Class::HostOomUserspace
            | Class::KilledFromOutside
            | Class::TimeLimit
            | Class::PlannedReboot
    );
    if killed && !of_killer {
        sure = sure.min(Confidence::Likely);
    }
    sure
}
