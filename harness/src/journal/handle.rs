//! Appends records, and says of a marker that it is durable only when `fdatasync` said so.
//!
//! Group commit: all that waits is written with one `write` and one `fdatasync`, then every
//! marker among it is acknowledged. An error is final: nothing is acknowledged after it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crashpoint_probes::boot::Clocks;
use crashpoint_reports::journal::encode;
use crashpoint_reports::{Event, Record, Sample};
use thiserror::Error;

/// What nobody waits for is on the disk after at most this long.
const EVENT_DELAY: Duration = Duration::from_millis(100);
const SAMPLE_DELAY: Duration = Duration::from_secs(1);
/// A busy disk can take seconds; one that takes longer than this hangs.
const DISK_ANSWERS: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Error)]
pub enum JournalError {
    #[error("failed to create the journal {path:?}: {why}")]
    Create { path: PathBuf, why: String },
    #[error(
        "failed to write the journal {path:?}: {why}; what was acknowledged before is safe, nothing after it is recorded"
    )]
    Write { path: PathBuf, why: String },
    #[error("the journal's thread is gone: nothing more is recorded")]
    Gone,
    #[error(
        "the disk under the journal has not answered for {} s: what is not acknowledged may be lost",
        DISK_ANSWERS.as_secs()
    )]
    Silent,
}

/// Called by the journal's thread when a record is durable.
type Durable = Box<dyn FnOnce() + Send>;

enum Order {
    Append {
        mono_us: u64,
        wall_us: u64,
        event: Box<Event>,
        durable: Option<Durable>,
    },
    Sample(Box<Sample>),
    /// Write everything now.
    Flush {
        durable: Durable,
    },
    /// Write everything now, stop, and let go of the sender.
    Close {
        stopped: Sender<()>,
    },
}

/// A handle for whoever has something to record. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    orders: Sender<Order>,
    failure: Arc<OnceLock<JournalError>>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Creates the journal in a run directory that exists, and makes that durable.
    pub fn create(folder: &Path) -> Result<Journal, JournalError> {
        let path = folder.join("journal-0001.jsonl");
        let failed = |error: io::Error| JournalError::Create {
            path: path.clone(),
            why: error.to_string(),
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        file.sync_all().map_err(failed)?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        let (orders, inbox) = channel();
        let failure = Arc::new(OnceLock::new());
        let owner = Owner {
            file,
            path: path.clone(),
            seq: 0,
            failure: Arc::clone(&failure),
        };
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || owner.run(&inbox))
            .map_err(failed)?;
        Ok(Journal { orders, failure })
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
            let _ = self.orders.send(Order::Flush { durable });
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

    /// The error that ended the journal, if one did.
    pub fn check(&self) -> Result<(), JournalError> {
        self.failure
            .get()
            .map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// Makes everything durable and lets go of the file.
    pub fn close(self) -> Result<(), JournalError> {
        let (stopped, wait) = channel();
        let _ = self.orders.send(Order::Close { stopped });
        match wait.recv_timeout(DISK_ANSWERS) {
            Err(RecvTimeoutError::Timeout) => Err(JournalError::Silent),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.check(),
        }
    }

    fn failed(&self) -> JournalError {
        let known = self.failure.get().cloned();
        known.unwrap_or(JournalError::Gone)
    }

    fn order(&self, event: Event, durable: Option<Durable>) {
        let Clocks {
            mono_us, wall_us, ..
        } = Clocks::now();
        let _ = self.orders.send(Order::Append {
            mono_us,
            wall_us,
            event: Box::new(event),
            durable,
        });
    }
}

struct Owner {
    file: File,
    path: PathBuf,
    seq: u64,
    failure: Arc<OnceLock<JournalError>>,
}

#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    durable: Vec<Durable>,
    samples: Vec<Sample>,
    /// When it must be on the disk.
    due: Option<Instant>,
}

impl Batch {
    fn due_within(&mut self, delay: Duration) {
        let due = Instant::now() + delay;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }
}

impl Owner {
    fn run(mut self, inbox: &Receiver<Order>) {
        let mut batch = Batch::default();
        loop {
            let first = match batch.due {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            let mut closing = None;
            match first {
                Ok(order) => {
                    for order in std::iter::once(order).chain(inbox.try_iter()) {
                        closing = self.take(order, &mut batch).or(closing);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Nobody is left to send anything: what there is gets written, and then it is over.
                Err(RecvTimeoutError::Disconnected) => closing = Some(channel().0),
            }
            let due = batch.due.is_some_and(|due| due <= Instant::now());
            if (closing.is_some() || due || !batch.durable.is_empty())
                && let Err(error) = self.commit(&mut batch)
            {
                let why = error.to_string();
                let _ = self.failure.set(JournalError::Write {
                    path: self.path.clone(),
                    why,
                });
                // Whoever still waits for an acknowledgement learns of it by being dropped.
                return;
            }
            if closing.is_some() {
                return;
            }
        }
    }

    /// Returns what to let go of at the end, if this was the order to close.
    fn take(&mut self, order: Order, batch: &mut Batch) -> Option<Sender<()>> {
        match order {
            Order::Append {
                mono_us,
                wall_us,
                event,
                durable,
            } => {
                self.write_line(mono_us, wall_us, *event, batch);
                batch.durable.extend(durable);
                batch.due_within(EVENT_DELAY);
            }
            Order::Sample(sample) => {
                batch.samples.push(*sample);
                batch.due_within(SAMPLE_DELAY);
            }
            Order::Flush { durable } => batch.durable.push(durable),
            Order::Close { stopped } => return Some(stopped),
        }
        None
    }

    fn write_line(&mut self, mono_us: u64, wall_us: u64, event: Event, batch: &mut Batch) {
        // A sample is older than the event that came after it.
        if !matches!(event, Event::Samples(_)) {
            self.write_samples(batch);
        }
        let record = Record {
            seq: self.seq,
            mono_us,
            wall_us,
            event,
        };
        // Only a value that JSON cannot hold could fail here, and no event has one.
        if encode(&record, &mut batch.lines).is_ok() {
            self.seq += 1;
        }
    }

    fn write_samples(&mut self, batch: &mut Batch) {
        if let Some(last) = batch.samples.last() {
            let (mono_us, wall_us) = (last.mono_us, last.wall_us);
            let samples = std::mem::take(&mut batch.samples);
            self.write_line(mono_us, wall_us, Event::Samples(samples), batch);
        }
    }

    fn commit(&mut self, batch: &mut Batch) -> io::Result<()> {
        self.write_samples(batch);
        if !batch.lines.is_empty() {
            self.file.write_all(&batch.lines)?;
            self.file.sync_data()?;
        }
        batch.lines.clear();
        batch.due = None;
        for durable in batch.durable.drain(..) {
            durable();
        }
        Ok(())
    }
}
