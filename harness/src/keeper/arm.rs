//! Starts the worker so that it cannot outlive the keeper.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Child, Command};

use nix::sys::signal::Signal;

/// Spawns the command in a process group of its own, to be killed when this thread ends.
/// It joins a control group by writing itself to each of these open `cgroup.procs`.
pub fn spawn(command: &mut Command, groups: Vec<File>) -> io::Result<Child> {
    let keeper = std::process::id();
    command.process_group(0);
    // SAFETY: between fork and exec only a few system calls are made, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            for mut group in &groups {
                group.write_all(b"0")?;
            }
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // The keeper may have died before the line above: then nobody will send the signal.
            if parent_id() == keeper {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(nix::libc::ESRCH))
            }
        });
    }
    command.spawn()
}
