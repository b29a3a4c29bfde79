//! The probe process as its parent holds it: lines in, lines out, and no wait without a bound.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// An answer of sixteen GPUs is a few kilobytes.
const LONGEST_LINE: usize = 1 << 20;

/// A process that is stuck in the driver outlives SIGKILL; it is left behind after this long.
const REAP_WITHIN: Duration = Duration::from_millis(500);

/// How to start a probe process: usually the own executable with `probe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub program: PathBuf,
    pub args: Vec<OsString>,
}

#[derive(Debug)]
pub(super) struct ProbeProcess {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    received: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum Received {
    /// Without its end of line.
    Line(Vec<u8>),
    Nothing,
    /// Why there will be no more lines.
    Ended(String),
}

impl ProbeProcess {
    /// In a process group of its own: a Ctrl-C at the terminal is not meant for it.
    pub(super) fn start(command: &Command) -> io::Result<ProbeProcess> {
        let mut child = std::process::Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| io::Error::other("a child without pipes"))?;
        let process = ProbeProcess {
            child,
            input,
            output,
            received: Vec::new(),
        };
        never_block(&process.input)?;
        never_block(&process.output)?;
        Ok(process)
    }

    /// A question is far smaller than a pipe and never follows an unanswered one, so it fits or the
    /// process is broken.
    pub(super) fn send(&mut self, line: &[u8]) -> io::Result<()> {
        self.input.write_all(line)
    }

    pub(super) fn receive(&mut self, deadline: Instant) -> Received {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.received.drain(..=end).collect();
                line.pop();
                return Received::Line(line);
            }
            if self.received.len() > LONGEST_LINE {
                return Received::Ended(format!(
                    "it wrote more than {LONGEST_LINE} bytes without an end of line"
                ));
            }
            match self.read_some(deadline) {
                Ok(0) => return Received::Ended(self.how_it_ended()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Received::Nothing,
                Err(error) => return Received::Ended(format!("failed to read from it: {error}")),
            }
        }
    }

    /// Even when the deadline has passed, what has arrived already is read.
    fn read_some(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut block = [0; 8192];
        loop {
            match self.output.read(&mut block) {
                Ok(count) => {
                    self.received.extend_from_slice(&block[..count]);
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            // Rounded up: a wait of less than a millisecond would be none.
            let left =
                PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            match poll(
                &mut [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)],
                left,
            ) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn how_it_ended(&mut self) -> String {
        match self.reap() {
            Some(status) => format!("it ended with {status}"),
            None => "it closed its output and lives on".to_owned(),
        }
    }

    fn reap(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + REAP_WITHIN;
        let mut pause = Duration::from_micros(100);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(pause),
                Ok(None) | Err(_) => return None,
            }
            pause = (2 * pause).min(Duration::from_millis(20));
        }
    }

    #[cfg(test)]
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for ProbeProcess {
    fn drop(&mut self) {
        // Not reaped yet, so the number is still its own; its group may hold more than itself.
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            self.reap();
        }
    }
}

fn never_block(end: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&end, FcntlArg::F_GETFL)?);
    fcntl(&end, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
