//! A worker: one process that does one job and says every step before it is taken.

mod analyse;
mod burn;
mod channel;
mod device;
mod inherited;
mod memory;

use std::process::ExitCode;

use crashpoint_reports::protocol::WorkerError;
use crashpoint_reports::{Class, Phase};
use thiserror::Error;

use crate::fault::{Injection, Moment};
use crate::job::Work;
pub use channel::{Channel, ChannelError};
pub use inherited::{InheritedError, inherit};

/// The worker told its supervisor what is wrong.
const EXIT_TOLD: u8 = 1;
/// There is nobody to tell: no socket, or a supervisor that went away.
const EXIT_ALONE: u8 = 71;

/// Why a worker stops before its work is done.
#[derive(Debug, Error)]
pub enum Stop {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("{}", .0.message)]
    Error(WorkerError),
}

impl Stop {
    fn because(class: Class, message: impl ToString) -> Stop {
        Stop::Error(WorkerError {
            class: Some(class),
            message: message.to_string(),
            refused: false,
        })
    }
}

impl From<crate::model::ModelError> for Stop {
    fn from(error: crate::model::ModelError) -> Stop {
        Stop::because(error.class(), error)
    }
}

/// The body of `crashpoint worker` and of `crashpoint-worker`.
pub fn main() -> ExitCode {
    let mut channel = match Channel::from_environment() {
        Ok(channel) => channel,
        Err(error) => {
            eprintln!("crashpoint-worker: {error}; a worker is started by `crashpoint run`");
            return ExitCode::from(EXIT_ALONE);
        }
    };
    match work(&mut channel) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Channel(error)) => {
            eprintln!("crashpoint-worker: {error}");
            ExitCode::from(EXIT_ALONE)
        }
        Err(Stop::Error(error)) => {
            eprintln!("crashpoint-worker: {}", error.message);
            match channel.error(error) {
                Ok(()) => ExitCode::from(EXIT_TOLD),
                Err(_) => ExitCode::from(EXIT_ALONE),
            }
        }
    }
}

fn work(channel: &mut Channel) -> Result<(), Stop> {
    channel.hello()?;
    let job = channel.job()?;
    let mut steps = Steps {
        channel,
        inject: job.inject,
        next: 1,
    };
    // Kept to the end: to give memory back is part of leaving, and can fail as such.
    let mut loaded = None;
    match job.work {
        Work::Analyse(work) => loaded = Some(analyse::run(&mut steps, &work)?),
        Work::Burn(work) => burn::run(&mut steps, &work)?,
        Work::Fault {} => steps.phase(Phase::Run, None, |_| Ok(()))?,
    }
    steps.channel.done()?;
    steps.phase(Phase::Teardown, None, |_| {
        drop(loaded);
        Ok(())
    })
}

/// Walks through phases: says each, waits until that is durable, and lets faults strike.
struct Steps<'a> {
    channel: &'a mut Channel,
    inject: Option<Injection>,
    next: u64,
}

/// The image that a phase belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    index: u32,
    position: u32,
}

impl Steps<'_> {
    fn phase<T>(
        &mut self,
        phase: Phase,
        at: Option<At>,
        act: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let id = self.next;
        self.next += 1;
        self.channel
            .marker(id, &phase, at.map(|at| (at.index, at.position)))?;
        let began = std::time::Instant::now();
        self.strike(&phase, at, None);
        let result = act(self)?;
        self.channel.phase_end(id, began.elapsed())?;
        Ok(result)
    }

    fn token(&mut self, at: At, n: u32) -> Result<(), Stop> {
        self.channel.token(n)?;
        self.strike(&Phase::Decode, Some(at), Some(n));
        Ok(())
    }

    fn strike(&self, phase: &Phase, at: Option<At>, token: Option<u32>) {
        let moment = Moment {
            phase: phase.clone(),
            image: at.map(|at| at.index),
            position: at.map(|at| at.position),
            token,
        };
        if let Some(injection) = &self.inject
            && injection.strikes(&moment)
        {
            injection.fault.commit();
        }
    }
}
