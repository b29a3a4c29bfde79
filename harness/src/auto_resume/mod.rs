//! `--auto-resume`: a run that the machine's next start goes on with by itself.

mod manager;
mod unit;
mod variables;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use manager::Manager;
use nix::libc;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use unit::Ground;

use crate::cli::AfterReset;
use crate::executable::this_executable;
use crate::failure::Failure;
use crate::run_directory::write_whole;

/// Nobody there.
const THINKING: Duration = Duration::from_secs(600);

/// A unit that could be installed.
#[derive(Debug)]
pub struct Installation {
    pub text: String,
    unit: UnitFile,
}

/// Where a unit is, or would be.
#[derive(Debug)]
struct UnitFile {
    manager: Manager,
    name: String,
    path: PathBuf,
}

impl Installation {
    /// `None` if nobody asked for one. `run` is the run directory to be.
    pub fn wanted(options: &AfterReset, run: &Path) -> Result<Option<Installation>, Failure> {
        let manager = match options.auto_resume {
            Some(Some(manager)) => manager,
            Some(None) => Manager::of_this_user(),
            None if options.print_unit => Manager::of_this_user(),
            None => return Ok(None),
        };
        let unit = UnitFile::of(manager, run)?;
        let system = |what: &'static str| {
            move |error: std::io::Error| Failure::harness(format!("failed to {what}: {error}"))
        };
        let ground = Ground {
            executable: &this_executable().map_err(system("find its own executable"))?,
            directory: &std::path::absolute(run).map_err(system("find the working folder"))?,
            working_folder: &std::env::current_dir().map_err(system("find the working folder"))?,
            variables: &variables::carried(std::env::vars_os()),
        };
        let run = run.file_name().unwrap_or_default().to_string_lossy();
        let text = unit::text(&run, manager, &ground)
            .map_err(|why| Failure::usage(format!("--auto-resume: {why}")))?;
        if !options.print_unit {
            manager.is_there().map_err(|why| {
                Failure::unfit(format!(
                    "--auto-resume needs systemd, which does not answer here: {why}; run without it, and crashpoint resume by hand"
                ))
            })?;
        }
        Ok(Some(Installation { text, unit }))
    }

    /// Shows it, and goes on with a yes only.
    pub fn agreed(self, yes: bool) -> Result<Installation, Failure> {
        eprintln!("{}:\n\n{}", self.unit.path.display(), self.text);
        if let Some(needs) = self.unit.manager.needs() {
            eprintln!("crashpoint: {needs}");
        }
        if yes || asked("install this unit for the time of the run?") {
            Ok(self)
        } else {
            Err(Failure::usage(
                "nobody agreed to the unit above: --yes installs it without asking, --print-unit only prints it",
            ))
        }
    }

    /// It goes when the value does.
    pub fn install(self) -> Result<Installed, Failure> {
        let UnitFile {
            manager,
            name,
            path,
        } = &self.unit;
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)
            .and_then(|()| write_whole(path, self.text.as_bytes()))
            .map_err(|error| Failure::write(path, &error))?;
        let enabled = manager
            .ask(&["daemon-reload"])
            .and_then(|_| manager.ask(&["enable", name]));
        let installed = Installed {
            unit: Some(self.unit),
        };
        match enabled {
            Ok(_) => Ok(installed),
            // Dropped, and so removed.
            Err(why) => Err(Failure::unfit(format!(
                "the unit of --auto-resume cannot be enabled: {why}"
            ))),
        }
    }
}

impl UnitFile {
    fn of(manager: Manager, run: &Path) -> Result<UnitFile, Failure> {
        let run = run.file_name().unwrap_or_default().to_string_lossy();
        let name = unit::name(&run);
        let folder = manager
            .folder()
            .map_err(|why| Failure::unfit(format!("--auto-resume: {why}")))?;
        Ok(UnitFile {
            manager,
            path: folder.join(&name),
            name,
        })
    }

    fn remove(&self) {
        if !self.path.exists() {
            return;
        }
        let disabled = self.manager.ask(&["disable", &self.name]).map(drop);
        let removed = fs::remove_file(&self.path).map_err(|error| error.to_string());
        let forgotten = self.manager.ask(&["daemon-reload"]).map(drop);
        for failed in [disabled, removed, forgotten] {
            if let Err(why) = failed {
                eprintln!(
                    "crashpoint: failed to remove {}: {why}",
                    self.path.display()
                );
            }
        }
    }
}

/// A unit that is installed, until this is dropped.
#[derive(Debug)]
pub struct Installed {
    unit: Option<UnitFile>,
}

impl Installed {
    /// Of a run that goes on, if it has one.
    pub fn of(manager: Manager, run: &Path) -> Result<Installed, Failure> {
        let unit = UnitFile::of(manager, run)?;
        Ok(Installed { unit: Some(unit) })
    }

    /// The unit stays.
    pub fn keep(mut self) {
        self.unit = None;
    }

    /// A run that ended because the machine is shut down goes on when it starts again.
    pub fn remove_unless_going_down(self, interrupted_by: Option<i32>) {
        let asked_to_end = interrupted_by.is_some_and(|signal| signal != libc::SIGINT);
        if asked_to_end && Manager::is_stopping() {
            self.keep();
        }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if let Some(unit) = &self.unit {
            unit.remove();
        }
    }
}

fn asked(question: &str) -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut polled, Timespec::try_from(THINKING).ok().as_ref()) {
        Ok(ready) if ready > 0 => {}
        _ => return false,
    }
    let mut answer = String::new();
    let read = stdin.read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
