//! A worker: one process that does one job and says every step before it is taken.

mod analyse;
mod built_with;
mod burn;
mod channel;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
mod inherited;
mod kernel_cache;
mod memory;
mod page;
mod pool;
pub mod self_check;

use std::process::ExitCode;

use candle_core::Device;
use crashpoint_reports::page::Slot;
use crashpoint_reports::protocol::WorkerError;
use crashpoint_reports::{Class, Phase};
use thiserror::Error;

use crate::crash;
use crate::fault::{After, FaultError, Injection, Moment, Scene};
use crate::job::Work;
pub use built_with::{BuiltWith, CUDA, QUESTION};
pub use channel::{Channel, ChannelError};
pub(crate) use device::open as device;
pub use inherited::{InheritedError, inherit};
pub use page::{Page, PageError};
use pool::Pool;

/// The worker told its supervisor what is wrong.
pub const EXIT_TOLD: u8 = 1;
/// There is nobody to tell: no socket, or a supervisor that went away.
pub const EXIT_ALONE: u8 = 71;
/// A fault that was asked for did not happen. No ending of a fault looks like it, so that a harness
/// that is broken can never pass for the crash.
pub const EXIT_UNHARMED: u8 = 222;

/// Why a worker stops before its work is done.
#[derive(Debug, Error)]
pub enum Stop {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("{}", .0.message)]
    Error(WorkerError),
    #[error("{0}")]
    Unharmed(String),
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

impl From<FaultError> for Stop {
    fn from(error: FaultError) -> Stop {
        match error {
            // As any program would: in words, and without a class.
            FaultError::Failed(message) => Stop::Error(WorkerError {
                class: None,
                message,
                refused: false,
            }),
            FaultError::Unfit { class, message } => Stop::Error(WorkerError {
                class: Some(class),
                message,
                refused: true,
            }),
            FaultError::Unharmed(_) => Stop::Unharmed(error.to_string()),
        }
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
    if let Err(why) = crash::install() {
        eprintln!("crashpoint-worker: a crash would leave no minidump: {why}");
    }
    let page = Page::from_environment().unwrap_or_else(|why| {
        eprintln!("crashpoint-worker: {why}");
        None
    });
    match work(&mut channel, page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Unharmed(message)) => {
            eprintln!("crashpoint-worker: {message}");
            ExitCode::from(EXIT_UNHARMED)
        }
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

fn work(channel: &mut Channel, page: Option<Page>) -> Result<(), Stop> {
    channel.hello()?;
    let job = channel.job()?;
    // Now, while this thread is the only one.
    if let Some(injection) = &job.inject {
        injection.fault.prepare(job.work.device())?;
    }
    let mut steps = Steps {
        channel,
        device: job.work.device().to_owned(),
        inject: job.inject,
        corrupt: false,
        slower: None,
        page,
        pool: None,
        said: Slot::default(),
        next: 1,
    };
    // Kept to the end: to give memory back is part of leaving, and can fail as such.
    let mut loaded = None;
    match job.work {
        Work::Analyse(work) => loaded = Some(analyse::run(&mut steps, &work)?),
        Work::Burn(work) => burn::run(&mut steps, &work)?,
        Work::Fault(_) => steps.phase(Phase::Run, None, |_| Ok(()))?,
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
    device: String,
    inject: Option<Injection>,
    /// The next token is to be another one than the model chose.
    corrupt: bool,
    /// The current image is to take so many percent longer.
    slower: Option<u32>,
    /// Without one, tokens are told by message.
    page: Option<Page>,
    /// The device's allocator, once the device is open.
    pool: Option<Pool>,
    /// What is said of the current phase.
    said: Slot,
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
        self.said = Slot::of(id);
        if let Some(pool) = &self.pool {
            pool.forget_highs();
        }
        let began = std::time::Instant::now();
        self.strike(&phase, at, None)?;
        let result = act(self)?;
        let elapsed = began.elapsed();
        let memory = self.pool.as_ref().and_then(Pool::memory);
        self.channel.phase_end(id, elapsed, memory)?;
        Ok(result)
    }

    /// From here on phases tell what the device's allocator holds.
    fn opened(&mut self, device: &Device) -> Result<(), Stop> {
        self.pool = Pool::of(device);
        if let Some(uuid) = device::uuid(device) {
            let facts = [("gpu_uuid".to_owned(), uuid.into())];
            self.channel.facts(facts.into())?;
        }
        Ok(())
    }

    /// A part of the current phase is about to begin. On a GPU it is where the host is: the device may
    /// still be busy with what came before.
    fn step(&mut self, name: &str) {
        self.said.set_step(name);
        self.say();
    }

    /// Whether there is a page to say it on.
    fn say(&mut self) -> bool {
        let Some(page) = &mut self.page else {
            return false;
        };
        if let Some(bytes) = self.pool.as_ref().and_then(Pool::allocated_bytes) {
            self.said.set_allocated_bytes(bytes);
        }
        page.say(&self.said);
        true
    }

    fn token(&mut self, at: At, n: u32) -> Result<(), Stop> {
        self.said.set_token(n);
        if !self.say() {
            self.channel.token(n)?;
        }
        self.strike(&Phase::Decode, Some(at), Some(n))
    }

    fn strike(&mut self, phase: &Phase, at: Option<At>, token: Option<u32>) -> Result<(), Stop> {
        let moment = Moment {
            phase: phase.clone(),
            image: at.map(|at| at.index),
            position: at.map(|at| at.position),
            token,
        };
        if let Some(injection) = &self.inject
            && injection.strikes(&moment)
        {
            let after = injection.fault.commit(&mut Scene {
                device: &self.device,
                position: at.map(|at| at.position),
                code: injection.code,
                percent: injection.percent,
                supervisor: self.channel.raw(),
            })?;
            match after {
                After::GoOn => {}
                After::CorruptToken => self.corrupt = true,
                After::Slower(percent) => self.slower = Some(percent),
            }
        }
        Ok(())
    }
}
