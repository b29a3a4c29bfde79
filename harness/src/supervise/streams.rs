//! Everything a worker is heard by: its keeper, its messages, its output; in one poll.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crashpoint_reports::protocol::MAX_LINE_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Task;
use super::echo::Echo;
use super::lines::Lines;
use super::output::Capture;
use super::spawn::{self, Spawned};
use crate::keeper::ToKeeper;

/// How often a reader who does not keep up is looked after.
const CLOGGED: Duration = Duration::from_millis(20);

pub struct Streams {
    /// `None` once the keeper has gone.
    pub control: Option<Lines<UnixStream>>,
    /// `None` once the worker has closed it, or is not listened to any more.
    pub events: Option<Lines<UnixStream>>,
    pub stdout: Capture,
    pub stderr: Capture,
}

/// Which of them have something to say.
#[derive(Debug, Default)]
pub struct Ready {
    pub control: bool,
    pub events: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl Streams {
    /// The keeper's handle is left to the caller.
    pub fn new(task: &Task, spawned: Spawned) -> io::Result<(Streams, std::process::Child)> {
        let echo = |stream| task.echo.then(|| Echo::to(stream)).transpose();
        let [stdout, stderr] = ["stdout.log", "stderr.log"].map(|name| task.folder.join(name));
        let streams = Streams {
            control: Some(Lines::new(spawned.control, MAX_LINE_BYTES)),
            events: Some(Lines::new(spawned.events, MAX_LINE_BYTES)),
            stdout: Capture::new(spawned.stdout, &stdout, echo(Box::new(io::stdout()))?)?,
            stderr: Capture::new(spawned.stderr, &stderr, echo(Box::new(io::stderr()))?)?,
        };
        Ok((streams, spawned.keeper))
    }

    /// Whether the worker, or whoever inherited from it, can still say or print something.
    pub fn open(&self) -> bool {
        self.stdout.open() || self.stderr.open() || self.events.is_some()
    }

    /// Waits until one of them has something to say, the bell rings, or the time has come.
    pub fn wait(&self, until: Instant, bell: Option<BorrowedFd<'_>>) -> io::Result<Ready> {
        let mut left: Duration = until.saturating_duration_since(Instant::now());
        if self.stdout.is_clogged() || self.stderr.is_clogged() {
            left = left.min(CLOGGED);
        }
        let control = self.control.as_ref().map(|lines| lines.source().as_fd());
        let events = self.events.as_ref().map(|lines| lines.source().as_fd());
        let watched = [control, events, self.stdout.fd(), self.stderr.fd(), bell];
        let mut polled: Vec<PollFd<'_>> = watched
            .iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
            .collect();
        match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut answers = polled.iter().map(|fd| !fd.revents().is_empty());
        let mut ready = |fd: &Option<_>| fd.is_some() && answers.next().unwrap_or(false);
        let [control, events, stdout, stderr, _] = &watched;
        Ok(Ready {
            control: ready(control),
            events: ready(events),
            stdout: ready(stdout),
            stderr: ready(stderr),
        })
    }

    pub fn order(&self, order: ToKeeper) {
        if let Some(control) = &self.control {
            // A keeper that has gone is noticed at the next read.
            let _ = spawn::send(control.source(), &order);
        }
    }

    /// Whoever goes on talking gets an error, and whoever waits for an answer sees the end.
    pub fn stop_listening(&mut self) {
        if let Some(lines) = self.events.take() {
            let _ = lines.source().shutdown(std::net::Shutdown::Both);
        }
    }
}
