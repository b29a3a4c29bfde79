//! What the rest of the harness knows of the journal: a handle to its thread.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};

use crashpoint_reports::event::{Header, Previous};
use crashpoint_reports::{Event, Sample};

use super::batch::Durable;
use super::config::Config;
use super::error::{DISK_ANSWERS, JournalError};
use super::lock::{Lock, NoLock};
use super::mirror::Mirror;
use super::owner::{Order, Owner, now};
use super::segment::Segment;
use super::segments;

/// A handle for whoever has something to record. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    orders: Sender<Order>,
    failure: Arc<OnceLock<JournalError>>,
    mirror: Option<Mirror>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Creates the journal of a run in a directory that exists. Its header is durable on return.
    pub fn create(folder: &Path, header: Header, config: Config) -> Result<Journal, JournalError> {
        let failed = |error: std::io::Error| JournalError::create(folder, &error);
        let segment = Segment::create(folder, 1).map_err(failed)?;
        let lock = take_lock(folder)?;
        Journal::start(Owner::new(folder, segment, lock, 0, header, config))
    }

    /// Goes on with the journal of a run whose writer is gone, in a segment of its own.
    pub fn go_on(
        folder: &Path,
        mut header: Header,
        config: Config,
    ) -> Result<Journal, JournalError> {
        let unreadable = |error: std::io::Error| JournalError::Read {
            path: folder.to_owned(),
            why: error.to_string(),
        };
        let lock = take_lock(folder)?;
        let known = segments::segments(folder).map_err(unreadable)?;
        let reader = segments::read(&known, |_| {}).map_err(|(_, error)| unreadable(error))?;
        let last = known.last().map(|path| path.as_path()).unwrap_or(folder);
        header.previous = Some(Previous {
            segment: last
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            seq: reader.last_seq(),
        });
        let number = segments::number(last).unwrap_or(0).saturating_add(1);
        let seq = reader.last_seq().map_or(0, |seq| seq.saturating_add(1));
        let segment = Segment::create(folder, number)
            .map_err(|error| JournalError::create(folder, &error))?;
        Journal::start(Owner::new(folder, segment, lock, seq, header, config))
    }

    fn start(mut owner: Owner) -> Result<Journal, JournalError> {
        owner.begin()?;
        let (orders, inbox) = channel();
        let failure = owner.failure();
        let mirror = owner.mirror();
        let path = owner.folder().to_owned();
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || owner.run(&inbox))
            .map_err(|error| JournalError::create(&path, &error))?;
        Ok(Journal {
            orders,
            failure,
            mirror,
        })
    }

    /// What did not reach the second machine, as a sentence.
    pub fn mirror_trouble(&self) -> Option<String> {
        self.mirror.as_ref()?.trouble()
    }

    pub fn append(&self, event: Event) {
        self.order(event, None);
    }

    /// `durable` is called by the journal's thread once the event is on the disk, or never.
    pub fn append_then(&self, event: Event, durable: impl FnOnce() + Send + 'static) {
        self.order(event, Some(Box::new(durable)));
    }

    /// Returns when the event is on the disk.
    pub fn append_durably(&self, event: Event) -> Result<(), JournalError> {
        self.durably(|durable| self.order(event, Some(durable)))
    }

    /// Returns when all that was appended before is on the disk.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.durably(|durable| {
            let _ = self.orders.send(Order::Flush(durable));
        })
    }

    fn durably(&self, order: impl FnOnce(Durable)) -> Result<(), JournalError> {
        let (done, wait) = channel();
        order(Box::new(move || {
            let _ = done.send(());
        }));
        match wait.recv_timeout(DISK_ANSWERS) {
            Ok(()) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(JournalError::Silent),
            // The sender is dropped unused where the journal has failed.
            Err(RecvTimeoutError::Disconnected) => Err(self.failed()),
        }
    }

    pub fn sample(&self, sample: Sample) {
        let _ = self.orders.send(Order::Sample(Box::new(sample)));
    }

    /// The error that is to end the run, if one is.
    pub fn check(&self) -> Result<(), JournalError> {
        self.failure
            .get()
            .map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Makes everything durable and lets go of the file.
    pub fn close(self) -> Result<(), JournalError> {
        let (stopped, wait) = channel();
        let _ = self.orders.send(Order::Close(stopped));
        match wait.recv_timeout(DISK_ANSWERS) {
            Err(RecvTimeoutError::Timeout) => Err(JournalError::Silent),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                let closed = self.check();
                if let Some(mirror) = self.mirror {
                    mirror.finish();
                }
                closed
            }
        }
    }

    fn failed(&self) -> JournalError {
        let known = self.failure.get().cloned();
        known.unwrap_or(JournalError::Gone)
    }

    fn order(&self, event: Event, durable: Option<Durable>) {
        let record = now(event);
        let _ = self.orders.send(Order::Append(Box::new(record), durable));
    }
}

fn take_lock(folder: &Path) -> Result<Lock, JournalError> {
    Lock::take(folder).map_err(|error| match error {
        NoLock::Held => JournalError::Running {
            path: folder.to_owned(),
        },
        NoLock::Failed(error) => JournalError::Read {
            path: folder.to_owned(),
            why: error.to_string(),
        },
    })
}
