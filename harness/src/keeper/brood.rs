//! The processes that descend from a worker and that the keeper, being their subreaper, inherits.
//!
//! Only direct children are ever signalled: nobody else can reap those, so their pids cannot have
//! become somebody else's. Grandchildren become children as their parents die.

use std::fs;
use std::time::{Duration, Instant};

use crashpoint_reports::event::LeftBehind;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

/// Processes that were about to leave anyway get this long before they count as left behind.
const LEAVING: Duration = Duration::from_millis(100);
/// A process that ignores SIGKILL for so long is stuck in the kernel.
const DYING: Duration = Duration::from_secs(2);

/// The direct children, dead ones that are not reaped included.
fn children() -> Vec<Pid> {
    let Ok(children) = fs::read_to_string("/proc/thread-self/children") else {
        return Vec::new();
    };
    children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

/// The children that still live, once the worker itself has been reaped.
fn living() -> Vec<Pid> {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
    children()
}

/// Reaps what was inherited and has died, and leaves the worker alone.
pub fn reap_inherited(worker: Pid) {
    let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(status) = waitid(Id::All, peek) {
        match status.pid() {
            Some(pid) if pid != worker => {
                let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
            }
            // Nobody is dead, or the worker is, whose ending is somebody else's to take.
            _ => break,
        }
    }
}

/// Waits until one of these processes has died, or the deadline has come.
fn wait_for_any(children: &[Pid], deadline: Instant) {
    let pidfds: Vec<_> = children
        .iter()
        .filter_map(|pid| rustix::process::Pid::from_raw(pid.as_raw()))
        .filter_map(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
        .collect();
    let mut polled: Vec<_> = pidfds
        .iter()
        .map(|fd| PollFd::new(fd, PollFlags::IN))
        .collect();
    let left = deadline.saturating_duration_since(Instant::now());
    // Interrupted or not: the caller looks again.
    let _ = poll(&mut polled, Timespec::try_from(left).ok().as_ref());
}

fn named(pid: Pid) -> LeftBehind {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    LeftBehind {
        pid: pid.as_raw(),
        name: name.trim_end().to_owned(),
    }
}

/// Ends everything that is left, in bounded time, and says what it was.
pub fn sweep() -> Vec<LeftBehind> {
    let leaving = Instant::now() + LEAVING;
    let mut children = living();
    while !children.is_empty() && Instant::now() < leaving {
        wait_for_any(&children, leaving);
        children = living();
    }
    let mut swept: Vec<LeftBehind> = Vec::new();
    let dying = Instant::now() + DYING;
    while !children.is_empty() && Instant::now() < dying {
        for &child in &children {
            if swept.iter().all(|known| known.pid != child.as_raw()) {
                swept.push(named(child));
            }
        }
        kill_children(&children);
        wait_for_any(&children, dying);
        children = living();
    }
    swept
}

/// SIGKILL to every child there is now, the worker among them.
pub fn kill_all() {
    kill_children(&children());
}

fn kill_children(children: &[Pid]) {
    for &child in children {
        match kill(child, Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            // A set-user-id program may be out of reach; the bounded wait takes care of it.
            Err(_) => {}
        }
    }
}
