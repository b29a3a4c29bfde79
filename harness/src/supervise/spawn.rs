//! Starts a worker under its keeper, with every end of every stream where it belongs.

use std::ffi::OsString;
use std::io::{self, PipeReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use crashpoint_reports::{page, protocol};
use crashpoint_scenarios::crash::FOLDER_VARIABLE;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::page::Page;
use super::{Stdin, Task};

/// The numbers that the two sockets have in the keeper; the worker keeps the second one,
const CONTROL: i32 = 3;
const EVENTS: i32 = 4;
/// and the page, which the keeper knows nothing of.
const PAGE: i32 = 5;

/// Our ends.
pub struct Spawned {
    pub keeper: Child,
    pub control: UnixStream,
    pub events: UnixStream,
    pub stdout: PipeReader,
    pub stderr: PipeReader,
}

/// The worker joins the control groups before it is anything else than the keeper's copy.
pub fn spawn(
    keeper: &Path,
    task: &Task,
    groups: &[PathBuf],
    page: Option<&Page>,
) -> io::Result<Spawned> {
    let (control, control_there) = UnixStream::pair()?;
    let (events, events_there) = UnixStream::pair()?;
    let (stdout, stdout_there) = io::pipe()?;
    let (stderr, stderr_there) = io::pipe()?;
    for ours in [&control, &events] {
        ours.set_nonblocking(true)?;
    }
    let mut command = Command::new(keeper);
    command
        .arg0("crashpoint-keeper")
        .arg("keeper")
        .args([CONTROL, EVENTS].map(|fd| fd.to_string()))
        .arg(groups.len().to_string())
        .args(groups)
        .arg(&task.program)
        .args(&task.arguments)
        .envs(task.variables.iter().map(|(name, value)| (name, value)))
        .env(protocol::FD_VARIABLE, EVENTS.to_string())
        // An outer run's folder and page are not ours.
        .env_remove(FOLDER_VARIABLE)
        .env_remove(page::FD_VARIABLE)
        .envs(python_tells(task))
        .stdin(match task.stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Inherit => Stdio::inherit(),
        })
        .stdout(Stdio::from(stdout_there))
        .stderr(Stdio::from(stderr_there))
        // Out of the terminal's reach: Ctrl-C is for us to hear and to pass on.
        .process_group(0);
    if task.job.is_some() {
        command.env(FOLDER_VARIABLE, std::path::absolute(&task.folder)?);
    }
    let there = |parent_fd: OwnedFd, child_fd| FdMapping {
        parent_fd,
        child_fd,
    };
    let mut mappings = vec![
        there(control_there.into(), CONTROL),
        there(events_there.into(), EVENTS),
    ];
    if let Some(page) = page {
        command.env(page::FD_VARIABLE, PAGE.to_string());
        mappings.push(there(page.handle()?, PAGE));
    }
    command.fd_mappings(mappings).map_err(io::Error::other)?;
    let keeper = command.spawn()?;
    Ok(Spawned {
        keeper,
        control,
        events,
        stdout,
        stderr,
    })
}

/// A Python program prints its stack at a fatal signal if this is set; the others do not mind.
fn python_tells(task: &Task) -> Option<(&'static str, &'static str)> {
    const VARIABLE: &str = "PYTHONFAULTHANDLER";
    let is_set = std::env::var_os(VARIABLE).is_some()
        || task.variables.iter().any(|(name, _)| name == VARIABLE);
    (task.job.is_none() && !is_set).then_some((VARIABLE, "1"))
}

/// Writes all of a message to a socket that does not block: it fits, or the other side is not
/// reading and gets nothing.
pub fn send(mut socket: &UnixStream, message: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// The same, of a message that may be larger than a socket holds at a time: the other side waits for
/// it and takes it piece by piece, or does not within this time and gets no more.
pub fn send_large(
    mut socket: &UnixStream,
    message: &impl serde::Serialize,
    within: Duration,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let until = Instant::now() + within;
    let mut rest = &line[..];
    while !rest.is_empty() {
        match socket.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                wait_for_room(socket, until.saturating_duration_since(Instant::now()))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_for_room(socket: &UnixStream, left: Duration) -> io::Result<()> {
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut polled = [PollFd::new(socket, PollFlags::OUT)];
    match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How a command line looks in the record.
pub fn shown(program: &OsString, arguments: &[OsString]) -> Vec<String> {
    std::iter::once(program)
        .chain(arguments)
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}
