//! The crash-isolation suite: every rung of the ladder and every fault as a trial of libtest's kind.
//!
//! What a trial must come to is stated before it runs, and it runs in a `crashpoint` of its own:
//! a suite that is broken itself can never pass for the crash that was asked for.

mod child;
mod judge;
mod lacking;
mod trial;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Arguments, Conclusion, Failed};

use crate::config::NO_FILE;
use crate::runs_on;
use trial::Trial;

/// A GPU's Xids and its memory are told of the card, whoever caused them: one trial at a time.
static GPU: Mutex<()> = Mutex::new(());

/// Where trials run and what they run on.
#[derive(Debug, Clone)]
pub struct Suite {
    /// A parameter: within a test binary `/proc/self/exe` would start the tests again.
    pub crashpoint: PathBuf,
    /// The record of each trial is kept in a folder of its own in here.
    pub out: PathBuf,
    /// Where trials share what is made once; `None`: where everybody else does.
    pub cache: Option<PathBuf>,
    pub worker: Option<PathBuf>,
    pub device: String,
}

impl Suite {
    pub fn run(&self, arguments: &Arguments) -> Conclusion {
        let gpu = self.device != runs_on::CPU;
        let trials = Trial::all().into_iter().map(|trial| {
            let lacking = trial.needs().and_then(|needs| lacking::here(needs, gpu));
            // To listings it would be noise.
            if let (Some(lacking), false) = (&lacking, arguments.list) {
                eprintln!("{} is ignored: {lacking}", trial.name);
            }
            let suite = self.clone();
            libtest_mimic::Trial::test(trial.name.clone(), move || suite.one(&trial))
                .with_ignored_flag(lacking.is_some())
        });
        libtest_mimic::run(arguments, trials.collect())
    }

    /// Runs one trial, and compares what is on record with what was stated.
    fn one(&self, trial: &Trial) -> Result<(), Failed> {
        let _turn = (self.device != runs_on::CPU)
            .then(|| GPU.lock().unwrap_or_else(PoisonError::into_inner));
        let folder = self.folder(trial);
        let ended = child::run(&mut self.command(trial, &folder), &folder)?;
        judge::judge(trial, &ended).map_err(Failed::from)
    }

    fn folder(&self, trial: &Trial) -> PathBuf {
        self.out.join(trial.name.replace("::", "-"))
    }

    fn command(&self, trial: &Trial, folder: &Path) -> Command {
        let mut command = Command::new(&self.crashpoint);
        command
            .args(&trial.words)
            .args(["--quiet", "--out"])
            .arg(folder);
        match &trial.program {
            Some(program) => {
                command.arg("--").args(program);
            }
            None => {
                command
                    // What a trial must come to is stated for the built-in defaults.
                    .args(["--config", NO_FILE])
                    .args(["--device", &self.device]);
                if let Some(worker) = &self.worker {
                    command.arg("--worker").arg(worker);
                }
            }
        }
        if let Some(cache) = &self.cache {
            command.env(crashpoint_scenarios::cache::VARIABLE, cache);
        }
        command
    }
}
