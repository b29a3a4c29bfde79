//! What a control group has counted since a moment: allocations at the limit, kills, the peak.

use std::path::{Path, PathBuf};

use crashpoint_reports::gathered::CgroupCounters;

use super::limit;
use super::own::OwnGroup;
use super::place::Place;

/// Remembers where the counters stood. They are read from the files' paths again at the end, and a
/// group that is gone by then has nothing to tell.
#[derive(Debug, Clone)]
pub struct Counters {
    version: u8,
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    own: bool,
    before: Values,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Values {
    peak_bytes: Option<u64>,
    limit_hits: Option<u64>,
    oom_events: Option<u64>,
    oom_kills: Option<u64>,
    pids_limit_hits: Option<u64>,
}

impl Counters {
    /// Of the group that this process is in, and with it whatever it starts.
    pub fn of_this_process() -> Option<Counters> {
        let membership = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let memory = Place::find(&membership, &mounts, "memory");
        let pids = Place::find(&membership, &mounts, "pids");
        let version = memory.as_ref().or(pids.as_ref())?.version;
        Some(Counters::begin(
            version,
            memory.map(|place| place.directory),
            pids.map(|place| place.directory),
            false,
        ))
    }

    pub fn of(group: &OwnGroup) -> Counters {
        Counters::begin(
            group.version(),
            group.memory().map(Path::to_owned),
            group.pids().map(Path::to_owned),
            true,
        )
    }

    fn begin(version: u8, memory: Option<PathBuf>, pids: Option<PathBuf>, own: bool) -> Counters {
        let mut counters = Counters {
            version,
            memory,
            pids,
            own,
            before: Values::default(),
        };
        counters.before = counters.read();
        counters
    }

    /// What was counted since.
    pub fn since(&self) -> CgroupCounters {
        let (before, now) = (self.before, self.read());
        let limit_file = if self.version == 1 {
            "memory.limit_in_bytes"
        } else {
            "memory.max"
        };
        let path = self.memory.as_ref().or(self.pids.as_ref());
        CgroupCounters {
            version: self.version,
            path: path.map_or_else(String::new, |path| path.display().to_string()),
            own: self.own,
            memory_limit_bytes: file(self.memory.as_deref(), limit_file)
                .and_then(|text| limit(&text)),
            // A group that lived before has its peak from then, unless it rose.
            memory_peak_bytes: now
                .peak_bytes
                .filter(|peak| self.own || Some(*peak) > before.peak_bytes),
            limit_hits: rise(before.limit_hits, now.limit_hits),
            oom_events: rise(before.oom_events, now.oom_events),
            oom_kills: rise(before.oom_kills, now.oom_kills),
            pids_limit_hits: rise(before.pids_limit_hits, now.pids_limit_hits),
        }
    }

    fn read(&self) -> Values {
        let memory = |name| file(self.memory.as_deref(), name);
        let number = |name| -> Option<u64> { memory(name)?.trim().parse().ok() };
        let pids_limit_hits =
            file(self.pids.as_deref(), "pids.events").and_then(|text| keyed(&text, "max"));
        if self.version == 1 {
            Values {
                peak_bytes: number("memory.max_usage_in_bytes"),
                limit_hits: number("memory.failcnt"),
                // Version 1 does not count those that ended without a kill.
                oom_events: None,
                oom_kills: memory("memory.oom_control").and_then(|text| keyed(&text, "oom_kill")),
                pids_limit_hits,
            }
        } else {
            let events = memory("memory.events").unwrap_or_default();
            Values {
                peak_bytes: number("memory.peak"),
                limit_hits: keyed(&events, "max"),
                oom_events: keyed(&events, "oom"),
                oom_kills: keyed(&events, "oom_kill"),
                pids_limit_hits,
            }
        }
    }
}

fn file(directory: Option<&Path>, name: &str) -> Option<String> {
    std::fs::read_to_string(directory?.join(name)).ok()
}

/// The number on the line of this key.
pub(super) fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (name, number) = line.split_once(' ')?;
        (name == key).then(|| number.trim().parse().ok())?
    })
}

fn rise(before: Option<u64>, now: Option<u64>) -> Option<u64> {
    Some(now?.saturating_sub(before.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("crashpoint-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn version_2_tells_each_kind_of_event_apart() {
        let group = folder(
            "counters-2",
            &[
                ("memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 1\n"),
                ("memory.max", "1048576\n"),
                ("memory.peak", "1000\n"),
                ("pids.events", "max 0\n"),
            ],
        );
        let counters = Counters::begin(2, Some(group.clone()), Some(group.clone()), false);
        assert_eq!(counters.since().memory_peak_bytes, None);
        let events = "low 0\nhigh 0\nmax 20\noom 2\noom_kill 2\noom_group_kill 0\n";
        std::fs::write(group.join("memory.events"), events).unwrap();
        std::fs::write(group.join("memory.peak"), "1048576\n").unwrap();
        std::fs::write(group.join("pids.events"), "max 5\n").unwrap();
        let since = counters.since();
        assert_eq!(
            (since.limit_hits, since.oom_events, since.oom_kills),
            (Some(17), Some(2), Some(1))
        );
        assert_eq!(since.memory_limit_bytes, Some(1 << 20));
        assert_eq!(since.memory_peak_bytes, Some(1 << 20));
        assert_eq!(since.pids_limit_hits, Some(5));
        std::fs::remove_dir_all(&group).unwrap();
        // A group that is gone tells nothing: not zero.
        assert_eq!(counters.since().oom_kills, None);
    }

    #[test]
    fn version_1_has_its_own_names() {
        let group = folder(
            "counters-1",
            &[
                (
                    "memory.oom_control",
                    "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
                ),
                ("memory.failcnt", "126\n"),
                ("memory.max_usage_in_bytes", "49999872\n"),
                ("memory.limit_in_bytes", "9223372036854771712\n"),
            ],
        );
        let mut counters = Counters::begin(1, Some(group.clone()), None, true);
        counters.before = Values::default();
        let since = counters.since();
        assert_eq!((since.limit_hits, since.oom_kills), (Some(126), Some(1)));
        assert_eq!(since.memory_peak_bytes, Some(49_999_872));
        assert_eq!((since.memory_limit_bytes, since.oom_events), (None, None));
        std::fs::remove_dir_all(&group).unwrap();
    }

    #[test]
    fn malformed_texts_have_no_number() {
        for text in [
            "",
            "oom_kill",
            "oom_kill x",
            "oom_kill -1",
            "oom_kill_disable 0",
        ] {
            assert_eq!(keyed(text, "oom_kill"), None, "{text:?}");
        }
    }
}
