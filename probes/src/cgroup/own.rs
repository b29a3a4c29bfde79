//! A control group made for one worker alone, so that what it counts is the worker's.
//!
//! Version 1 lets any group have children beside its processes: the new one is a child of our own.
//! Version 2 does not: controllers can be had only in a group whose parent hands them on, and a
//! group that holds processes hands on none (the root excepted). There the new group becomes a
//! sibling of ours, or a child of a group further out, wherever we may write. It never leaves a
//! group that has a memory limit of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::{AccessFlags, eaccess};
use thiserror::Error;

use super::leftovers::{self, name, remove_leftovers};
use super::limit;
use super::place::Place;

/// A group whose processes were killed is empty soon; one of them may be stuck in a driver.
const EMPTYING: Duration = Duration::from_secs(2);
/// Or a few of them: limits are rounded.
const PAGE_BYTES: u64 = 64 << 10;
const PAUSE: Duration = Duration::from_millis(2);

static MADE: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Swap included.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

/// Why no group of its own can be had, and what would help.
#[derive(Debug, Clone, Error)]
#[error("no control group can be made for the worker: {because}; {remedy}")]
pub struct NoGroup {
    pub because: String,
    pub remedy: String,
}

#[derive(Debug)]
pub struct OwnGroup {
    version: u8,
    /// The same directory in version 2, and where both hierarchies are mounted as one.
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
}

impl OwnGroup {
    /// Makes it, empty, with these limits. Leftovers of runs that are dead go first.
    pub fn make(limits: Limits) -> Result<OwnGroup, NoGroup> {
        remove_leftovers();
        let name = name(MADE.fetch_add(1, Ordering::Relaxed));
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let (membership, mounts) = (read("/proc/self/cgroup"), read("/proc/self/mountinfo"));
        let find = |controller: &'static str| {
            Place::find(&membership, &mounts, controller).map(|place| (controller, place))
        };
        let mut group = OwnGroup {
            version: 0,
            memory: None,
            pids: None,
        };
        // Its counters are worth having even without a limit on memory.
        match find("memory") {
            Some((_, place)) => {
                group.version = place.version;
                let both = place.version == 2 && limits.pids.is_some();
                let wanted: &[&str] = if both {
                    &["memory", "pids"]
                } else {
                    &["memory"]
                };
                match directory(&place, wanted, &name) {
                    Ok(path) => {
                        group.pids = both.then(|| path.clone());
                        group.memory = Some(path);
                    }
                    Err(error) if limits.memory_bytes.is_some() || both => return Err(error),
                    Err(_) => {}
                }
            }
            None if limits.memory_bytes.is_some() => return Err(not_mounted("memory")),
            None => {}
        }
        if limits.pids.is_some() && group.pids.is_none() {
            let (_, place) = find("pids").ok_or_else(|| not_mounted("pids"))?;
            group.pids = Some(directory(&place, &["pids"], &name)?);
            if group.version == 0 {
                group.version = place.version;
            }
        }
        group.limit(limits).map_err(|(file, error)| NoGroup {
            because: format!("failed to write {}: {error}", file.display()),
            remedy: "try another limit".to_owned(),
        })?;
        Ok(group)
    }

    pub(super) fn version(&self) -> u8 {
        self.version
    }

    pub(super) fn memory(&self) -> Option<&Path> {
        self.memory.as_deref()
    }

    pub(super) fn pids(&self) -> Option<&Path> {
        self.pids.as_deref()
    }

    /// A process joins by writing itself to `cgroup.procs` in each of them.
    pub fn directories(&self) -> Vec<PathBuf> {
        let mut directories: Vec<PathBuf> = self.memory.iter().chain(&self.pids).cloned().collect();
        directories.dedup();
        directories
    }

    fn limit(&self, limits: Limits) -> Result<(), (PathBuf, io::Error)> {
        if let (Some(group), Some(bytes)) = (&self.memory, limits.memory_bytes) {
            if self.version == 1 {
                set(group, "memory.limit_in_bytes", bytes)?;
                // Absent where swap is not counted. A page more, so that it is the limit on memory
                // that is met first: the kernel counts only those meetings.
                let with_swap = bytes.saturating_add(PAGE_BYTES);
                let _ = set(group, "memory.memsw.limit_in_bytes", with_swap);
            } else {
                set(group, "memory.max", bytes)?;
                let _ = set(group, "memory.swap.max", 0);
            }
        }
        if let (Some(group), Some(pids)) = (&self.pids, limits.pids) {
            set(group, "pids.max", pids)?;
        }
        Ok(())
    }
}

impl Drop for OwnGroup {
    /// Ends what is still in it.
    fn drop(&mut self) {
        remove(&self.directories());
    }
}

fn set(group: &Path, file: &str, value: u64) -> Result<(), (PathBuf, io::Error)> {
    let path = group.join(file);
    fs::write(&path, value.to_string()).map_err(|error| (path, error))
}

fn not_mounted(controller: &str) -> NoGroup {
    NoGroup {
        because: format!("no hierarchy with the {controller} controller is mounted, or this process's group in it cannot be seen"),
        remedy: "mount cgroup2 at /sys/fs/cgroup, or start the container with its control groups writable".to_owned(),
    }
}

/// Makes the directory where it can be made and joined.
fn directory(place: &Place, controllers: &[&str], name: &str) -> Result<PathBuf, NoGroup> {
    let mut first: Option<NoGroup> = None;
    for parent in parents(place) {
        match in_parent(parent, place.version, controllers, name) {
            Ok(path) => return Ok(path),
            Err(error) => {
                first.get_or_insert(no_group(parent, &error));
            }
        }
    }
    Err(first.unwrap_or_else(|| not_mounted("memory")))
}

/// Groups that may become the parent, best first.
fn parents(place: &Place) -> Vec<&Path> {
    let mut parents: Vec<&Path> = Vec::new();
    for group in place.way_up() {
        parents.push(group);
        let limited = fs::read_to_string(group.join("memory.max"))
            .ok()
            .and_then(|text| limit(&text));
        if place.version == 1 || limited.is_some() {
            break;
        }
    }
    parents
}

fn in_parent(parent: &Path, version: u8, controllers: &[&str], name: &str) -> io::Result<PathBuf> {
    if version == 2 {
        let subtree = parent.join("cgroup.subtree_control");
        let handed_on = fs::read_to_string(&subtree)?;
        for controller in controllers {
            if !handed_on.split_whitespace().any(|it| it == *controller) {
                fs::write(&subtree, format!("+{controller}"))?;
            }
        }
        // A process moves only where its mover may write to the group around both places.
        eaccess(&parent.join("cgroup.procs"), AccessFlags::W_OK)?;
    }
    let path = parent.join(name);
    fs::create_dir(&path)?;
    Ok(path)
}

fn no_group(parent: &Path, error: &io::Error) -> NoGroup {
    let parent = parent.display();
    let (because, remedy) = match error.raw_os_error() {
        Some(nix::libc::EBUSY) => (
            format!("{parent} holds processes itself and hands no controllers on"),
            "run it in a scope below a slice that does: sudo systemd-run --scope crashpoint ..., or limit the container or unit from outside",
        ),
        Some(nix::libc::EROFS) => (
            format!("{parent} is read-only"),
            "start the container with writable control groups (docker run --privileged), or limit it from outside (docker run --memory)",
        ),
        Some(nix::libc::EACCES | nix::libc::EPERM) => (
            format!("{parent} is not ours to write"),
            "run as root, or in a scope of your own: systemd-run --user --scope crashpoint ...",
        ),
        _ => (
            format!("failed to make one in {parent}: {error}"),
            "run as root on a machine with control groups",
        ),
    };
    NoGroup {
        because,
        remedy: remedy.to_owned(),
    }
}

/// Ends every process in these groups and removes them, in bounded time. True if all are gone.
pub fn remove(directories: &[PathBuf]) -> bool {
    let deadline = Instant::now() + EMPTYING;
    loop {
        let gone = directories
            .iter()
            .filter(|directory| !remove_one(directory))
            .count()
            == 0;
        if gone || Instant::now() >= deadline {
            return gone;
        }
        // There is no event for "the last reference is gone".
        std::thread::sleep(PAUSE);
    }
}

fn remove_one(directory: &Path) -> bool {
    match fs::remove_dir(directory) {
        Ok(()) => return true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
        Err(_) => {}
    }
    // A worker may have made groups in its group.
    for inner in fs::read_dir(directory).into_iter().flatten().flatten() {
        if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_one(&inner.path());
        }
    }
    leftovers::kill(directory);
    fs::remove_dir(directory).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Where none can be had, the reason is the result.
    fn make(limits: Limits) -> Option<OwnGroup> {
        match OwnGroup::make(limits) {
            Ok(group) => Some(group),
            Err(error) => {
                assert!(!error.remedy.is_empty());
                println!("skipped: {error}");
                None
            }
        }
    }

    #[test]
    fn a_group_ends_what_is_in_it_when_it_goes() {
        let limits = Limits {
            memory_bytes: Some(64 << 20),
            pids: Some(16),
        };
        let Some(group) = make(limits) else { return };
        let directories = group.directories();
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        for directory in &directories {
            fs::write(directory.join("cgroup.procs"), child.id().to_string()).unwrap();
        }
        let counters = super::super::Counters::of(&group).since();
        assert!(counters.own);
        assert_eq!(counters.memory_limit_bytes, Some(64 << 20));
        assert_eq!(counters.oom_kills, Some(0));
        drop(group);
        assert!(!child.wait().unwrap().success());
        for directory in directories {
            assert!(!directory.exists(), "{}", directory.display());
        }
    }

    #[test]
    fn version_2_leaves_no_group_that_is_limited() {
        let top = std::env::temp_dir().join(format!("crashpoint-own-{}", std::process::id()));
        let inner = top.join("slice/scope");
        fs::create_dir_all(&inner).unwrap();
        let place = Place {
            version: 2,
            top: top.clone(),
            directory: inner.clone(),
        };
        assert_eq!(parents(&place).len(), 3);
        fs::write(top.join("slice/memory.max"), "4096\n").unwrap();
        assert_eq!(parents(&place), [&inner, inner.parent().unwrap()]);
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(top.join("slice/memory.max"), "max\n").unwrap();
        assert_eq!(parents(&place).len(), 3);
        fs::remove_dir_all(&top).unwrap();
    }
}
