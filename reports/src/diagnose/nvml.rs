//! Xids that NVML told, beside those that the kernel logged: one that both have is one.

use super::facts::{Fact, XidLine};
use super::scan::Scan;
use super::source::Source;
use crate::fold::{Finished, SeenXid, Watched};
use crate::knowledge;
use crate::verdict::{Evidence, Verdict};

/// The Xids in the kernel's log of the attempt, whomever they name, each with its line's number.
pub fn logged(finished: &Finished) -> Vec<(u64, XidLine)> {
    let gathered = finished.attempt.gathered.as_ref();
    let Some(log) = gathered.and_then(|it| it.kernel_log.as_ref()) else {
        return Vec::new();
    };
    let mut scan = Scan::new();
    for (line, number) in log.lines.iter().flat_map(|entry| entry.lines()).zip(1..) {
        scan.line(Source::KernelLog, number, line);
    }
    let sightings = scan.finish();
    let xids = sightings.iter().filter_map(|it| match &it.fact {
        Some(Fact::Xid(line)) => Some((it.line, line.clone())),
        _ => None,
    });
    xids.collect()
}

/// Those that only NVML told, as lines: with the time since boot, as the kernel's have it.
pub fn told_alone(finished: &Finished) -> Vec<String> {
    let logged = logged(finished);
    let alone = told(finished).filter(|(watched, xid)| !is_logged(&logged, watched, xid));
    let line = |(watched, xid): (&Watched, &SeenXid)| {
        let address = match &watched.pci {
            Some(pci) => pci.clone(),
            None => watched.index.to_string(),
        };
        let name = name(xid).unwrap_or("an Xid that no source describes");
        let (seconds, us) = (xid.at_us / 1_000_000, xid.at_us % 1_000_000);
        format!(
            "[{seconds:5}.{us:06}] Xid (PCI:{address}): {}, GPU {}: {name}",
            xid.number, watched.index
        )
    };
    alone.map(line).collect()
}

/// Adds that NVML told the same as the line of the kernel that the verdict stands on.
pub fn second(finished: &Finished, verdict: &mut Verdict) {
    let logged = logged(finished);
    let is_used = |line: u64| {
        let source = format!("{}:{line}", Source::KernelLog);
        verdict.evidence.iter().any(|it| it.source == source)
    };
    let used: Vec<(u64, XidLine)> = logged
        .into_iter()
        .filter(|(line, _)| is_used(*line))
        .collect();
    let both = told(finished).find(|(watched, xid)| is_logged(&used, watched, xid));
    if let Some((watched, xid)) = both {
        let text = format!("GPU {} told Xid {} as well", watched.index, xid.number);
        verdict
            .evidence
            .push(Evidence::new(Source::Nvml.to_string(), text));
    }
}

/// On the GPUs that the worker was on, where NVML says which; otherwise on all.
fn told(finished: &Finished) -> impl Iterator<Item = (&Watched, &SeenXid)> {
    let all = || finished.watch.gpus.values();
    let is_known = all().any(|watched| watched.has_the_worker);
    all()
        .filter(move |watched| watched.has_the_worker || !is_known)
        .flat_map(|watched| watched.xids.iter().map(move |xid| (watched, xid)))
}

fn is_logged(logged: &[(u64, XidLine)], watched: &Watched, xid: &SeenXid) -> bool {
    logged.iter().any(|(_, line)| {
        let pci = watched.pci.as_ref();
        u64::from(line.number) == xid.number
            && pci.is_none_or(|pci| is_same_address(pci, &line.gpu))
    })
}

fn name(xid: &SeenXid) -> Option<&'static str> {
    let number = u32::try_from(xid.number).ok()?;
    Some(knowledge::xid(number)?.name)
}

/// NVML writes `00000000:65:00.0` for what the kernel calls `0000:65:00`, or `65:00`.
pub fn is_same_address(one: &str, other: &str) -> bool {
    let parts = |address: &str| -> Vec<u32> {
        let bare = address.split('.').next().unwrap_or_default();
        let parts = bare.rsplit(':').map(|part| u32::from_str_radix(part, 16));
        parts.map(|part| part.unwrap_or(u32::MAX)).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let shared = one.len().min(other.len());
    shared >= 2 && one.get(..shared) == other.get(..shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("00000000:65:00.0", "0000:65:00"),
            ("00000000:65:00.0", "65:00"),
            ("00000000:0A:00.0", "0000:0a:00"),
        ] {
            assert!(is_same_address(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("00000000:65:00.0", "0000:66:00"),
            ("00010000:65:00.0", "0000:65:00"),
            ("0", "0"),
            ("", ""),
        ] {
            assert!(!is_same_address(one, other), "{one} {other}");
        }
    }
}
