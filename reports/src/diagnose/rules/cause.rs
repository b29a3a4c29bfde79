//! Of all that was seen the line that names the cause: the strongest kind of line, and of those the first.

use super::{
    Bundle, Evidence, confidence, ending, exception, host_memory, leak, machine, missing, refine,
    xid,
};
use crate::diagnose::facts::Fact;
use crate::diagnose::sighting::Sighting;
use crate::diagnose::source::Source;
use crate::ending::EndingKind;
use crate::knowledge::{Message, Role};
use crate::verdict::{Class, Confidence, Verdict};

/// Something that may be the cause, and how strongly it speaks.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    pub class: Class,
    pub confidence: Confidence,
    /// Higher speaks louder.
    pub rank: u8,
    /// Within a rank the first counts: by source, line, and place in the knowledge.
    order: (u8, u64, usize),
    pub sighting: &'a Sighting,
}

/// A parent's report, a fault's last words: what remains if nothing better is there.
const ECHO: u8 = 2;

impl<'a> Candidate<'a> {
    pub fn new(
        bundle: &Bundle<'_>,
        sighting: &'a Sighting,
        class: Class,
        confidence: Confidence,
        rank: u8,
    ) -> Candidate<'a> {
        Candidate {
            class,
            confidence,
            rank,
            order: (source_order(bundle, sighting.source), sighting.line, 0),
            sighting,
        }
    }

    /// The kernel named this very process.
    pub fn pid_is_ours(&self, bundle: &Bundle<'_>) -> bool {
        let named = match &self.sighting.fact {
            Some(Fact::KernelOom(line)) => line.pid,
            _ => None,
        };
        named.is_some() && named == bundle.pid
    }

    pub fn message(&self) -> &'static Message {
        self.sighting.message
    }
}

/// A line of the kernel with a reason outranks what programs print; their errors go before what
/// they print as results.
pub fn rank(role: Role, source: Source) -> u8 {
    match (role, source) {
        (Role::Cause, source) if source.is_of_kernel() => 9,
        (Role::Cause, Source::Stdout | Source::Facts) => 6,
        (Role::Cause, _) => 8,
        (Role::Symptom, source) if source.is_of_kernel() => 5,
        (Role::Symptom, Source::Stdout) => 3,
        (Role::Symptom, _) => 4,
        (Role::Hint, Source::Stdout) => ECHO,
        (Role::Hint, _) => 3,
        (Role::Echo, _) => ECHO,
        (Role::Context, _) => 1,
    }
}

/// Whoever kills writes into the log of a service; whoever fails, into its own.
fn source_order(bundle: &Bundle<'_>, source: Source) -> u8 {
    let killed = bundle.ending.is_some_and(|it| {
        matches!(it.signal, Some(1 | 2 | 9 | 15)) || matches!(it.code, Some(129 | 130 | 137 | 143))
    });
    match source {
        Source::PreviousBootLog => 0,
        Source::KernelLog | Source::Nvml => 1,
        Source::ServiceLog if killed => 2,
        Source::Stderr => 3,
        Source::Stdout => 4,
        Source::ServiceLog => 5,
        Source::NvidiaSmi => 6,
        Source::Facts => 7,
    }
}

fn candidates<'a>(bundle: &'a Bundle<'_>) -> Vec<Candidate<'a>> {
    let plain = bundle
        .sightings
        .iter()
        .enumerate()
        .filter_map(|(place, it)| {
            let class = it.message.class?;
            if it.is("kernel_oom") || it.is("exception") {
                return None;
            }
            let mut candidate = Candidate::new(
                bundle,
                it,
                class,
                it.message.confidence,
                rank(it.message.role, it.source),
            );
            candidate.order.2 = place;
            Some(candidate)
        });
    let mut all: Vec<Candidate<'a>> = plain.collect();
    all.extend(host_memory::killed(bundle));
    all.extend(xid::first(bundle));
    all.extend(exception::uncaught(bundle));
    all.extend(leak::series(bundle));
    all.retain(|it| fits_the_ending(bundle, it));
    all.sort_by_key(|it| (std::cmp::Reverse(it.rank), it.order));
    all
}

/// A machine that went away was not taken down by a program's error; and one that is still there was
/// not reset.
fn fits_the_ending(bundle: &Bundle<'_>, candidate: &Candidate<'_>) -> bool {
    // Whoever gives up waiting for a hang presses Ctrl-C: that is not what hung.
    if bundle.hang_seconds.is_some()
        && (candidate.class == Class::KilledFromOutside || candidate.sighting.is("exception"))
    {
        return false;
    }
    let Some(found) = bundle.ending else {
        return true;
    };
    let of_machine = machine::is_a_restart(candidate.class)
        || matches!(candidate.class, Class::SystemSuspend | Class::GpuFellOffBus);
    let source = candidate.sighting.source;
    if found.kind == EndingKind::MachineGone {
        return of_machine || source.is_of_kernel() || candidate.class == Class::DriverBug;
    }
    // What was caught and printed did not end a program that a signal or a limit ended.
    let by_itself = found.kind == EndingKind::Exit;
    let exception = candidate.sighting.is("exception");
    if exception && !by_itself {
        return false;
    }
    !matches!(
        candidate.class,
        Class::MachineReset
            | Class::MachineResetHardwareError
            | Class::MachineResetWatchdog
            | Class::MachinePower
    )
}

/// The verdict, where a line names a cause or shows a sign of one.
pub fn named(bundle: &Bundle<'_>) -> Option<Verdict> {
    decide(bundle, ECHO + 1)
}

/// The verdict, where there are only echoes and circumstances.
pub fn lead(bundle: &Bundle<'_>) -> Option<Verdict> {
    decide(bundle, 0)
}

fn decide(bundle: &Bundle<'_>, least: u8) -> Option<Verdict> {
    let all = candidates(bundle);
    let first = all.first().filter(|it| it.rank >= least)?;
    let mut evidence = ending(bundle);
    evidence.push(first.sighting.evidence());
    let mut chosen = first.clone();
    // What explains the first one is the cause of it; what explains that in turn, once more.
    for _ in 0..2 {
        let explains = |it: &&Candidate<'_>| {
            it.class != chosen.class
                && (it.message().explains.contains(&chosen.class)
                    || it
                        .message()
                        .explains_messages
                        .contains(&chosen.message().id))
        };
        let Some(deeper) = all.iter().find(explains) else {
            break;
        };
        let (deeper, held) = (deeper.clone(), chosen.confidence);
        evidence.push(deeper.sighting.evidence());
        chosen = Candidate {
            confidence: deeper.confidence.min(held.max(Confidence::Likely)),
            ..deeper
        };
    }
    let agreeing = all
        .iter()
        .filter(|it| it.class == chosen.class && it.sighting.line != chosen.sighting.line)
        .take(2);
    evidence.extend(agreeing.map(|it| it.sighting.evidence()));
    let (class, sure) = (chosen.class, confidence::of(bundle, &chosen, &all));
    let mut verdict = Verdict::new(class, sure, evidence);
    refine::refine(bundle, &chosen, &mut verdict);
    verdict.action = crate::diagnose::action(verdict.class).to_owned();
    if verdict.confidence < Confidence::Certain
        && let Some(missing) = missing::for_class(bundle, verdict.class)
    {
        verdict.evidence.push(Evidence::new("missing", missing));
    }
    Some(verdict)
}
