//! Memory of the host: who killed for it, within which bound, and whether it was this process.

use serde_json::Value;

use super::cause::Candidate;
use super::{Bundle, Evidence, ending};
use crate::diagnose::facts::{Fact, KernelOom, Scope};
use crate::diagnose::sighting::Sighting;
use crate::verdict::{Class, Confidence, Verdict};

/// The kernel's own lines.
pub fn killed<'a>(bundle: &'a Bundle<'_>) -> Option<Candidate<'a>> {
    let lines: Vec<(&Sighting, &KernelOom)> = bundle
        .sightings
        .iter()
        .filter_map(|it| match &it.fact {
            Some(Fact::KernelOom(line)) => Some((it, line)),
            _ => None,
        })
        .collect();
    // A kill whose line does not tell its bound takes it from the lines around it.
    let scope = lines.iter().find_map(|(_, line)| match line.scope {
        Some(Scope::Cgroup) => Some(Scope::Cgroup),
        _ => None,
    });
    let scope = scope.or_else(|| lines.iter().find_map(|(_, line)| line.scope));
    let pid = bundle.pid.or_else(|| {
        bundle
            .facts
            .get("pid")
            .and_then(Value::as_i64)?
            .try_into()
            .ok()
    });
    let kills = || lines.iter().filter(|(_, line)| line.killed);
    let ours = kills().find(|(_, line)| line.pid.is_some() && line.pid == pid);
    let (sighting, line) = ours
        .or_else(|| kills().find(|(_, line)| line.pid.is_some()))
        .or_else(|| kills().next())
        .or_else(|| lines.first())?;
    let class = match scope {
        Some(Scope::Cgroup) => Class::HostOomCgroup,
        _ => Class::HostOomKernel,
    };
    let killed = bundle
        .ending
        .is_none_or(|it| it.signal == Some(9) || it.code == Some(137));
    let confidence = match (pid, line.pid) {
        (Some(ours), Some(theirs)) if ours == theirs => Confidence::Certain,
        // The pids may be those of two namespaces; but then nothing ties the line to this process.
        (Some(_), Some(_)) => Confidence::Possible,
        _ if scope.is_none() => Confidence::Likely,
        _ if killed && line.killed && bundle.pid.is_none() => Confidence::Certain,
        _ => Confidence::Likely,
    };
    // Somebody else's death is a circumstance for one that ended otherwise.
    let rank = if killed || confidence == Confidence::Certain {
        10
    } else {
        3
    };
    Some(Candidate::new(bundle, sighting, class, confidence, rank))
}

/// What the control group counted while the attempt ran.
pub fn counted(bundle: &Bundle<'_>) -> Option<Verdict> {
    let group = bundle.cgroup()?;
    let kills = group.oom_kills.filter(|&kills| kills > 0)?;
    let found = bundle.ending?;
    if found.signal != Some(9) && found.code != Some(137) {
        return None;
    }
    let mut seen = ending(bundle);
    let limit = group.memory_limit_bytes.map_or_else(String::new, |limit| {
        format!(", limit {}", crate::words::size(limit))
    });
    seen.push(Evidence::new(
        "cgroup",
        format!(
            "the OOM killer ended {kills} of the processes in {} meanwhile{limit}",
            group.path
        ),
    ));
    let line = killed(bundle);
    seen.extend(line.iter().map(|it| it.sighting.evidence()));
    // The counter also goes up where the whole machine ran out of memory.
    let class = match &line {
        Some(line) => line.class,
        None if group.limit_hits == Some(0) => Class::HostOomKernel,
        None => Class::HostOomCgroup,
    };
    let proven = group.own || line.is_some_and(|it| it.confidence == Confidence::Certain);
    let confidence = if proven && class == Class::HostOomCgroup {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    Some(Verdict::new(class, confidence, seen))
}
