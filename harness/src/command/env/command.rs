//! The environment that a command makes for itself: started, looked at, and ended again.
//!
//! It is looked at as soon as it has begun and once more after it has settled, since a script sets
//! variables and then becomes another program. The later look counts, if the command still runs.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crashpoint_probes::bounded::in_time;
use crashpoint_probes::env::of_process;
use crashpoint_reports::env::{Capture, Kind, Subject};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::source::without_secrets;
use crate::failure::Failure;

/// A look takes milliseconds, on a disk that answers.
const LOOK: Duration = Duration::from_secs(20);
/// One that is stuck in a driver outlives SIGKILL; it is left behind after this long.
const REAP: Duration = Duration::from_secs(5);

pub(super) fn capture(words: &[OsString], settle: Duration) -> Result<Capture, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("there is no command after --"));
    };
    let name = program.to_string_lossy().into_owned();
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| Failure::usage(format!("failed to start {name}: {error}")))?;
    // It has become the program by now.
    let mut started = Started { child };
    let first = started.look(&name, "as it began");
    let settled = match started.has_ended_within(settle) {
        true => None,
        false => started.look(&name, "settled"),
    };
    drop(started);
    let mut capture = settled.or(first).ok_or_else(|| {
        Failure::unfit(format!(
            "{name} ended before its environment could be read: give a command that goes on, such as the service itself"
        ))
    })?;
    without_secrets(&mut capture);
    Ok(capture)
}

struct Started {
    child: Child,
}

impl Started {
    /// `None` once it has ended: what is left of it has no environment.
    fn look(&mut self, name: &str, when: &str) -> Option<Capture> {
        let pid = i32::try_from(self.child.id()).ok()?;
        let of = Subject::new(Kind::Command, name, when);
        let seen = in_time(LOOK, move || of_process(pid, of, env!("CARGO_PKG_VERSION")));
        let capture = seen?.ok()?;
        let variables = capture.variables.as_ref();
        // Of one that has ended the file is there, and empty.
        variables
            .is_some_and(|it| !it.is_empty())
            .then_some(capture)
    }

    fn has_ended_within(&mut self, time: Duration) -> bool {
        let Ok(handle) = rustix::process::Pid::from_raw(self.child.id().cast_signed())
            .ok_or(rustix::io::Errno::SRCH)
            .and_then(|pid| rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()))
        else {
            return true;
        };
        let mut fds = [rustix::event::PollFd::new(
            &handle,
            rustix::event::PollFlags::IN,
        )];
        let time = rustix::event::Timespec::try_from(time).ok();
        matches!(rustix::event::poll(&mut fds, time.as_ref()), Ok(n) if n > 0)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Not reaped yet, so the number is still its own, and so is its group.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if self.has_ended_within(REAP) {
            let _ = self.child.try_wait();
        }
    }
}
