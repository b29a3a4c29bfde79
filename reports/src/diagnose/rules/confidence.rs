//! How sure a line makes, given all the others.

use super::Bundle;
use super::cause::Candidate;
use crate::knowledge::Role;
use crate::verdict::{Class, Confidence};

/// The rank from which on a line is a sign of its own, not an echo.
const OWN_ERROR: u8 = 4;

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
    // The victim may have been another process: an error of this one's own says so.
    let of_kernel_oom = matches!(chosen.class, Class::HostOomKernel | Class::HostOomCgroup);
    let own_error = all.iter().any(|it| {
        it.class != chosen.class && it.rank >= OWN_ERROR && it.sighting.source.is_of_program()
    });
    let is_ours = chosen.pid_is_ours(bundle);
    if of_kernel_oom && own_error && !is_ours {
        sure = sure.min(Confidence::Likely);
    }
    // A panic inside the driver is the driver's.
    let frames = [
        "driver_frames",
        "driver_oops",
        "kernel_oops",
        "machine_check",
    ];
    if chosen.class == Class::KernelPanic && bundle.sightings.any_of(&frames).is_some() {
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
