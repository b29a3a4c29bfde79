//! What a small program of ours says when it is asked, within a bound of time. Nothing here waits
//! longer, whatever the program is stuck in.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

/// After SIGKILL: what is stuck in a driver may never end.
const DYING: Duration = Duration::from_secs(2);
/// Of each stream.
const MOST: usize = 64 << 10;

#[derive(Debug)]
pub struct Answer {
    pub ended: Ended,
    pub stdout: String,
    pub stderr: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    With(ExitStatus),
    /// It took too long, and was killed.
    TooLong,
    /// It took too long, and did not even die when it was killed.
    Unkillable,
}

/// In a process group of its own. What it prints is kept in memory, so that no pipe can fill.
pub fn ask(command: &mut Command, within: Duration) -> io::Result<Answer> {
    let [stdout, stderr] = [kept()?, kept()?];
    let child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .process_group(0)
        .spawn()?;
    let ended = wait(child, within)?;
    Ok(Answer {
        ended,
        stdout: text(&stdout),
        stderr: text(&stderr),
    })
}

fn wait(mut child: Child, within: Duration) -> io::Result<Ended> {
    let pidfd = pidfd_open(
        rustix::process::Pid::from_child(&child),
        PidfdFlags::empty(),
    )?;
    if gone(&pidfd, within)? {
        return child.wait().map(Ended::With);
    }
    // Not reaped yet, so the number is still its own.
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    if gone(&pidfd, DYING)? {
        child.wait()?;
        return Ok(Ended::TooLong);
    }
    // Reaped elsewhere, should it ever end.
    let _ = std::thread::Builder::new()
        .name("reaper".to_owned())
        .spawn(move || child.wait());
    Ok(Ended::Unkillable)
}

fn gone(pidfd: &impl std::os::fd::AsFd, within: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut polled = [PollFd::new(pidfd, PollFlags::IN)];
        match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn kept() -> io::Result<File> {
    Ok(File::from(memfd_create(
        "crashpoint-asked",
        MFdFlags::MFD_CLOEXEC,
    )?))
}

fn text(file: &File) -> String {
    let mut bytes = vec![0; MOST];
    let read = file.read_at(&mut bytes, 0).unwrap_or_default();
    bytes.truncate(read);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn sh(script: &str, within: Duration) -> Answer {
        ask(Command::new("sh").args(["-c", script]), within).unwrap()
    }

    #[test]
    fn what_it_says_and_how_it_ended_are_told() {
        let answer = sh("echo out; echo err >&2; exit 7", LONG);
        assert!(matches!(answer.ended, Ended::With(status) if status.code() == Some(7)));
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str()),
            ("out\n", "err\n")
        );
        // More than any pipe holds.
        let answer = sh("head -c 300000 /dev/zero", LONG);
        assert!(matches!(answer.ended, Ended::With(status) if status.success()));
        assert_eq!(answer.stdout.len(), MOST);
    }

    #[test]
    fn one_that_does_not_end_is_killed_with_its_children() {
        let answer = sh("sleep 1000 & echo $!; wait", Duration::from_millis(500));
        assert_eq!(answer.ended, Ended::TooLong);
    }
}
