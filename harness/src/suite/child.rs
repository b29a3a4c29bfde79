//! One `crashpoint` from its start to its report, within a bound of time.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crashpoint_reports::Report;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

/// No trial takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(300);
/// To end its record once it was asked to stop.
const GRACE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// `Err`: why there is none.
    pub report: Result<Report, String>,
    pub stderr: String,
}

pub fn run(command: &mut Command, folder: &Path) -> io::Result<Ended> {
    fs::create_dir_all(folder)?;
    let told = folder.join("stderr.log");
    let mut child = command
        // A worker of ours that runs tests must not pass for their worker.
        .env_remove(crashpoint_reports::protocol::FD_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&told)?)
        .spawn()?;
    let status = wait(&mut child)?;
    Ok(Ended {
        status,
        report: report(folder),
        stderr: fs::read_to_string(&told).unwrap_or_default(),
    })
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let pidfd = pidfd_open(rustix::process::Pid::from_child(child), PidfdFlags::empty())?;
    let ends_within = |bound: Duration| -> io::Result<bool> {
        let deadline = Instant::now() + bound;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut polled = [PollFd::new(&pidfd, PollFlags::IN)];
            match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) => return Ok(true),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    };
    if !ends_within(PATIENCE)? {
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
        let _ = kill(pid, Signal::SIGTERM);
        if !ends_within(GRACE)? {
            child.kill()?;
        }
    }
    child.wait()
}

fn report(folder: &Path) -> Result<Report, String> {
    let path = folder.join("latest/report.json");
    let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
