//! The keeper's whole life: start the worker, pass signals on, tell its ending, sweep, leave.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use crashpoint_probes::cgroup;
use crashpoint_reports::WaitStatus;
use crashpoint_reports::event::Usage;
use crashpoint_scenarios::worker::inherit;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

use super::message::{FromKeeper, ToKeeper};
use super::{arm, brood};
use crate::exit_code;

/// After the supervisor's death nobody waits for us: we stay only to kill.
const ALONE: Duration = Duration::from_secs(5);
/// The supervisor reads the counters of the worker's control groups within this time.
const READING: Duration = Duration::from_secs(10);
/// How often inherited processes that died meanwhile are reaped.
const TICK: Duration = Duration::from_secs(1);

/// `keeper CONTROL EVENTS N GROUP... PROGRAM ARGS...`: the numbers of two inherited sockets, the
/// directories of so many control groups, then the worker.
pub fn main(arguments: &[OsString]) -> ExitCode {
    match keep(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crashpoint keeper: {error}");
            ExitCode::from(exit_code::HARNESS)
        }
    }
}

fn keep(arguments: &[OsString]) -> io::Result<()> {
    let usage = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is started by crashpoint itself",
        )
    };
    let [control, events, groups, rest @ ..] = arguments else {
        return Err(usage());
    };
    let groups = groups.to_str().and_then(|text| text.parse().ok());
    let Some((groups, [program, rest @ ..])) = groups.and_then(|n| rest.split_at_checked(n)) else {
        return Err(usage());
    };
    let groups: Vec<PathBuf> = groups.iter().map(PathBuf::from).collect();
    let number = |text: &OsString| text.to_str().map(str::to_owned).ok_or_else(usage);
    let control = UnixStream::from(inherit(&number(control)?).map_err(io::Error::other)?);
    nix::sys::prctl::set_child_subreaper(true)?;
    let mut control = Control::new(control)?;

    // A dump of a large GPU process takes minutes; 0 would not stop a dump into a pipe, 1 does.
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard)?;
    let mut command = Command::new(program);
    command.args(rest);
    let spawned = groups
        .iter()
        .map(|group| joining(group))
        .collect::<io::Result<Vec<File>>>()
        .and_then(|joining| arm::spawn(&mut command, joining));
    // The worker has its own copies of these by now. Ours would hide the ends of its streams.
    drop(inherit(&number(events)?));
    let_go_of_standard_streams()?;
    let child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let message = error.to_string();
            return control.say(&FromKeeper::NotStarted {
                errno: error.raw_os_error(),
                message,
            });
        }
    };
    let watched = watch(child, &mut control);
    if !groups.is_empty() {
        // Whoever reads what they counted does it before it lets go of us.
        control.wait_until_alone(READING);
        cgroup::remove(&groups);
    }
    watched
}

fn joining(group: &Path) -> io::Result<File> {
    let path = group.join("cgroup.procs");
    let open = OpenOptions::new().write(true).open(&path);
    open.map_err(|error| io::Error::other(format!("failed to open {}: {error}", path.display())))
}

fn let_go_of_standard_streams() -> io::Result<()> {
    let null = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    Ok(())
}

fn watch(mut child: Child, control: &mut Control) -> io::Result<()> {
    let group = Pid::from_raw(child.id() as i32);
    let pid = rustix::process::Pid::from_child(&child);
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut alone_since: Option<Instant> = None;
    let tick = Timespec::try_from(TICK).ok();
    // A supervisor that is gone already shows itself at the first read, not at the first write.
    let _ = control.say(&FromKeeper::Started {
        pid: group.as_raw(),
    });
    loop {
        if alone_since.is_some_and(|since| since.elapsed() >= ALONE) {
            return Ok(());
        }
        brood::reap_inherited(group);
        let (died, spoken) = {
            let mut polled = vec![PollFd::new(&pidfd, PollFlags::IN)];
            if alone_since.is_none() {
                polled.push(PollFd::from_borrowed_fd(
                    control.stream.as_fd(),
                    PollFlags::IN,
                ));
            }
            match poll(&mut polled, tick.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let ready = |at: usize| polled.get(at).is_some_and(|fd| !fd.revents().is_empty());
            (ready(0), ready(1))
        };
        if died {
            let status = child.wait()?;
            let usage = usage();
            let _ = control.say(&FromKeeper::Ended {
                status: WaitStatus(status.into_raw()),
                usage,
            });
            let left_behind = brood::sweep();
            let _ = control.say(&FromKeeper::Swept { left_behind });
            return Ok(());
        }
        while spoken && alone_since.is_none() {
            match control.hear() {
                Heard::Order(ToKeeper::Signal { signal }) => {
                    if let Ok(signal) = Signal::try_from(signal) {
                        let _ = killpg(group, signal);
                    }
                }
                Heard::Order(ToKeeper::KillAll {}) => kill_all(group),
                Heard::Nothing => {}
                Heard::Gone => {
                    alone_since = Some(Instant::now());
                    kill_all(group);
                }
            }
            if control.reader.buffer().is_empty() {
                break;
            }
        }
    }
}

/// The worker is our child and not reaped, so neither its number nor its group's is anybody else's.
fn kill_all(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    brood::kill_all();
}

/// Of the worker, the children it waited for, and those of its orphans that died before it.
fn usage() -> Usage {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return Usage::default();
    };
    let us = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0)
    };
    Usage {
        user_us: us(usage.user_time()),
        system_us: us(usage.system_time()),
        max_rss_bytes: u64::try_from(usage.max_rss()).unwrap_or(0) * 1024,
        major_faults: u64::try_from(usage.major_page_faults()).unwrap_or(0),
    }
}

struct Control {
    stream: UnixStream,
    reader: BufReader<io::Take<UnixStream>>,
}

enum Heard {
    Order(ToKeeper),
    Nothing,
    Gone,
}

impl Control {
    fn new(stream: UnixStream) -> io::Result<Control> {
        // Orders are a few dozen bytes each, a handful in a keeper's life.
        let reader = BufReader::new(stream.try_clone()?.take(1 << 20));
        Ok(Control { stream, reader })
    }

    fn say(&mut self, message: &FromKeeper) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }

    /// Until the supervisor has closed its end.
    fn wait_until_alone(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            if !self.reader.buffer().is_empty() && matches!(self.hear(), Heard::Gone) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let mut polled = [PollFd::from_borrowed_fd(self.stream.as_fd(), PollFlags::IN)];
            match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) => return,
                Ok(_) if matches!(self.hear(), Heard::Gone) => return,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self) -> Heard {
        let mut line = Vec::new();
        match self.reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Heard::Gone,
            Ok(_) => serde_json::from_slice(&line).map_or(Heard::Nothing, Heard::Order),
        }
    }
}
