//! The worker's end of the socket to its supervisor.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crashpoint_reports::Phase;
use crashpoint_reports::protocol::{
    AllocatorMemory, FD_VARIABLE, FromWorker, Hello, ImageAt, ImageResult, PhaseDone, PhaseStart,
    ToWorker, VERSION, WorkerError,
};
use thiserror::Error;

use super::inherited::{InheritedError, inherit};
use crate::job::Job;

#[derive(Debug, Error)]
pub enum ChannelError {
    #[error("{FD_VARIABLE} is not set")]
    NoVariable,
    #[error("{FD_VARIABLE} is of no use: {0}")]
    Inherited(#[from] InheritedError),
    #[error("failed to talk to the supervisor: {0}")]
    Io(#[from] io::Error),
    #[error("the supervisor has gone")]
    Gone,
    #[error("the supervisor said something that is not understood: {0}")]
    Message(#[from] serde_json::Error),
    #[error("the supervisor said something else than was waited for")]
    Unexpected,
}

#[derive(Debug)]
pub struct Channel {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    line: Vec<u8>,
}

impl Channel {
    pub fn from_environment() -> Result<Channel, ChannelError> {
        let number = std::env::var(FD_VARIABLE).map_err(|_| ChannelError::NoVariable)?;
        let writer = UnixStream::from(inherit(&number)?);
        let reader = BufReader::new(writer.try_clone()?);
        Ok(Channel {
            reader,
            writer,
            line: Vec::new(),
        })
    }

    pub fn hello(&mut self) -> Result<(), ChannelError> {
        self.say(&FromWorker::Hello(Hello {
            protocol: VERSION,
            name: "crashpoint-worker".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }))
    }

    pub fn job(&mut self) -> Result<Job, ChannelError> {
        match self.hear()? {
            ToWorker::Job(job) => Ok(serde_json::from_value(job)?),
            ToWorker::Ack { .. } => Err(ChannelError::Unexpected),
        }
    }

    /// Says that a phase is about to start, and returns when that is on the disk.
    pub fn marker(
        &mut self,
        id: u64,
        phase: &Phase,
        image: Option<(u32, u32)>,
    ) -> Result<(), ChannelError> {
        self.say(&FromWorker::Phase(PhaseStart {
            id,
            name: phase.clone(),
            image: image.map(|(index, position)| ImageAt {
                index,
                position,
                file: None,
            }),
        }))?;
        match self.hear()? {
            ToWorker::Ack { id: acknowledged } if acknowledged == id => Ok(()),
            _ => Err(ChannelError::Unexpected),
        }
    }

    pub fn phase_end(
        &mut self,
        id: u64,
        elapsed: Duration,
        memory: Option<AllocatorMemory>,
    ) -> Result<(), ChannelError> {
        self.say(&FromWorker::PhaseEnd(PhaseDone {
            id,
            elapsed_us: u64::try_from(elapsed.as_micros()).ok(),
            memory,
        }))
    }

    pub fn token(&mut self, n: u32) -> Result<(), ChannelError> {
        self.say(&FromWorker::Token { n })
    }

    pub fn image(&mut self, result: ImageResult) -> Result<(), ChannelError> {
        self.say(&FromWorker::Image(result))
    }

    pub fn facts(
        &mut self,
        facts: BTreeMap<String, serde_json::Value>,
    ) -> Result<(), ChannelError> {
        self.say(&FromWorker::Facts(facts))
    }

    pub fn error(&mut self, error: WorkerError) -> Result<(), ChannelError> {
        self.say(&FromWorker::Error(error))
    }

    pub fn done(&mut self) -> Result<(), ChannelError> {
        self.say(&FromWorker::Done {})
    }

    /// For faults alone: what is written here keeps to no protocol.
    pub(super) fn raw(&mut self) -> &mut UnixStream {
        &mut self.writer
    }

    fn say(&mut self, message: &FromWorker) -> Result<(), ChannelError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, message)?;
        self.line.push(b'\n');
        Ok(self.writer.write_all(&self.line)?)
    }

    fn hear(&mut self) -> Result<ToWorker, ChannelError> {
        self.line.clear();
        if self.reader.read_until(b'\n', &mut self.line)? == 0 {
            return Err(ChannelError::Gone);
        }
        Ok(serde_json::from_slice(&self.line)?)
    }
}
