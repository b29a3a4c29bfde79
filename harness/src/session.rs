//! One run from the first record to the report: the directory, the journal, the probes.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashpoint_probes::{ProbeThread, environment, gpu, thread};
use crashpoint_reports::environment::RunsOn;
use crashpoint_reports::event::Writer;
use crashpoint_reports::{Event, Report};

use crate::acknowledged::Acknowledged;
use crate::cli::Common;
use crate::executable::this_executable;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::journal::{self, Journal, JournalError};
use crate::junit_file::JUnitFile;
use crate::recover;
use crate::run_directory::RunDirectory;
use crate::supervise::{Progress, Supervisor};
use crate::written;

/// A driver that takes longer than this to name its GPUs is not waited for.
const GPU_FACTS: Duration = Duration::from_secs(5);

pub struct Session {
    pub directory: RunDirectory,
    pub journal: Journal,
    pub interrupt: Interrupt,
    pub executable: PathBuf,
    pub junit: JUnitFile,
    probes: Option<ProbeThread>,
    acknowledged: Option<Acknowledged>,
    gpu_answered: bool,
    attempts: Cell<u32>,
}

impl Session {
    /// `runs_on`: where our own workers are to run.
    pub fn begin(common: &Common, runs_on: Option<RunsOn>) -> Result<Session, Failure> {
        let directory = RunDirectory::create(&common.out)
            .map_err(|error| Failure::write(&common.out, &error))?;
        Session::begin_in(common, directory, runs_on)
    }

    /// In a run directory that is new.
    pub fn begin_in(
        common: &Common,
        directory: RunDirectory,
        runs_on: Option<RunsOn>,
    ) -> Result<Session, Failure> {
        Session::with(common, directory, 0, runs_on, |directory| {
            recover::on_its_own(&common.out, |line| eprintln!("crashpoint: {line}"));
            let header = journal::header(&directory.id, Writer::Run);
            Journal::create(&directory.path, header, common.record.journal())
        })
    }

    /// In a run directory whose run was left without an end, after so many attempts.
    pub fn go_on(
        common: &Common,
        directory: RunDirectory,
        attempts: u32,
        runs_on: Option<RunsOn>,
    ) -> Result<Session, Failure> {
        Session::with(common, directory, attempts, runs_on, |directory| {
            let header = journal::header(&directory.id, Writer::Resume);
            Journal::go_on(&directory.path, header, common.record.journal())
        })
    }

    fn with(
        common: &Common,
        directory: RunDirectory,
        attempts: u32,
        runs_on: Option<RunsOn>,
        open: impl FnOnce(&RunDirectory) -> Result<Journal, JournalError>,
    ) -> Result<Session, Failure> {
        let harness = |what: &'static str| {
            move |error: io::Error| Failure::harness(format!("failed to {what}: {error}"))
        };
        let junit = JUnitFile::new(&directory.path, common.junit.as_deref())?;
        let interrupt = Interrupt::listen().map_err(harness("listen for signals"))?;
        let executable = this_executable().map_err(harness("find its own executable"))?;
        let acknowledged = Acknowledged::asked_for()?;
        let journal = open(&directory).map_err(Failure::unfit)?;
        let probes =
            start_probes(common, &executable, &journal).map_err(harness("start the probes"))?;
        let gpu = match &probes {
            Some(probes) => probes.facts(GPU_FACTS),
            None => Err("the probes are off".to_owned()),
        };
        let gpu_answered = gpu.is_ok();
        let variables = std::env::vars_os();
        let mut environment = environment::capture(env!("CARGO_PKG_VERSION"), variables, gpu);
        environment.runs_on = runs_on;
        journal.append(Event::Environment(Box::new(environment)));
        Ok(Session {
            junit,
            directory,
            journal,
            interrupt,
            executable,
            probes,
            acknowledged,
            gpu_answered,
            attempts: Cell::new(attempts),
        })
    }

    /// The number of the next attempt, and the folder for what it prints.
    pub fn next_attempt(&self) -> Result<(u32, PathBuf), Failure> {
        let number = self.attempts.get() + 1;
        self.attempts.set(number);
        let folder = self
            .directory
            .attempt(number)
            .map_err(|error| Failure::write(&self.directory.path, &error))?;
        Ok((number, folder))
    }

    pub fn supervisor<'a>(&'a self, observe: &'a dyn Fn(Progress)) -> Supervisor<'a> {
        Supervisor {
            keeper: self.executable.clone(),
            journal: &self.journal,
            probes: self.probes.as_ref(),
            acknowledged: self.acknowledged.as_ref(),
            interrupt: &self.interrupt,
            observe,
        }
    }

    /// Ends the record, and makes the report from it.
    pub fn end(self) -> Result<(Report, PathBuf), Failure> {
        if let Some(probes) = self.probes {
            // One that answered at the beginning and does not any more was lost on the way.
            if self.gpu_answered
                && let Err(what) = probes.facts(Duration::ZERO)
            {
                self.journal.append(Event::Trouble { what });
            }
            probes.stop();
        }
        if let Some(what) = self.journal.mirror_trouble() {
            self.journal.append(Event::Trouble { what });
        }
        if let Some(signal) = self.interrupt.signal() {
            self.journal.append(Event::Interrupted { signal });
        }
        self.journal.append(Event::RunEnd {});
        let closed = self.journal.close();
        let report = written::read(&self.directory.path)?;
        let saved = written::write(&self.directory.path, &report);
        let saved = saved.and_then(|()| self.junit.finish(&report));
        // The first thing that went wrong is the one to tell.
        closed.map_err(Failure::unfit)?;
        saved?;
        Ok((report, self.directory.path))
    }
}

fn start_probes(
    common: &Common,
    executable: &Path,
    journal: &Journal,
) -> io::Result<Option<ProbeThread>> {
    if common.sample_hz == 0.0 {
        return Ok(None);
    }
    let gpu = gpu::Command {
        program: executable.to_owned(),
        args: vec!["probe".into()],
    };
    let (sink, news) = (journal.clone(), journal.clone());
    let config = thread::Config {
        hz: common.sample_hz,
        gpu: Some(gpu),
    };
    let tell = move |told| news.append(Event::Gpu(told));
    ProbeThread::start(config, move |sample| sink.sample(sample), tell).map(Some)
}
