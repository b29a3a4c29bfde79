//! The thread that owns the journal's files, and says of a marker that it is durable only when
//! `fdatasync` said so.
//!
//! Group commit: all that waits is written with one `write` and one `fdatasync`, then every
//! marker among it is acknowledged. A segment on which that failed is finished: what was not
//! acknowledged is written again, into another one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crashpoint_probes::boot::Clocks;
use crashpoint_reports::event::{Header, Previous};
use crashpoint_reports::journal::encode;
use crashpoint_reports::{Event, Record, Sample};

use super::batch::{Batch, Durable};
use super::config::{Config, OnError};
use super::error::{JournalError, Then};
use super::lock::Lock;
use super::mirror::Mirror;
use super::reserve::Reserve;
use super::segment::Segment;

/// What nobody waits for is on the disk after at most this long.
const EVENT_DELAY: Duration = Duration::from_millis(100);
/// While nothing can be written and the run goes on: between two tries.
const RETRY: Duration = Duration::from_secs(5);
/// Kept until then, if it can be written again; what is more is lost, and counted.
const MOST_KEPT: usize = 10_000;

pub enum Order {
    Append(Box<Record>, Option<Durable>),
    Sample(Box<Sample>),
    /// Write everything now.
    Flush(Durable),
    /// Write everything now, stop, and let go of the sender.
    Close(Sender<()>),
}

pub struct Owner {
    folder: PathBuf,
    /// Of the segments to come.
    header: Header,
    config: Config,
    place: Place,
    /// Of the next record.
    seq: u64,
    mirror: Option<Mirror>,
    reserve: Reserve,
    failure: Arc<OnceLock<JournalError>>,
    /// Held until the thread is gone.
    _lock: Lock,
}

/// Where records go.
enum Place {
    Segment(Segment),
    /// Nowhere: the run was told to go on without.
    Nowhere {
        since: Instant,
        /// The last segment there was.
        number: u32,
        lost: usize,
    },
}

impl Owner {
    pub fn new(
        folder: &Path,
        segment: Segment,
        lock: Lock,
        seq: u64,
        header: Header,
        config: Config,
    ) -> Owner {
        let mirror = config
            .mirror
            .clone()
            .map(|address| Mirror::start(address, &header.run));
        Owner {
            folder: folder.to_owned(),
            header,
            config,
            place: Place::Segment(segment),
            seq,
            mirror,
            reserve: Reserve::make(folder),
            failure: Arc::default(),
            _lock: lock,
        }
    }

    pub fn failure(&self) -> Arc<OnceLock<JournalError>> {
        Arc::clone(&self.failure)
    }

    pub fn mirror(&self) -> Option<Mirror> {
        self.mirror.clone()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the header of the first segment that is this owner's.
    pub fn begin(&mut self) -> Result<(), JournalError> {
        let header = now(Event::Header(self.header.clone()));
        let Place::Segment(segment) = &mut self.place else {
            return Ok(());
        };
        let bytes = lines(&mut [header], &mut self.seq);
        append(segment, &bytes, self.mirror.as_ref())
            .map_err(|error| JournalError::create(&segment.path, &error))
    }

    pub fn run(mut self, inbox: &Receiver<Order>) {
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
            // Whoever still waits for an acknowledgement when nothing more is written learns of it
            // by being dropped.
            if (closing.is_some() || due || !batch.durable.is_empty())
                && self.commit(&mut batch, closing.is_some()).is_err()
            {
                return;
            }
            if closing.is_some() {
                // Whoever closes it may open it again at once: the lock goes before the word of it.
                drop(self);
                return;
            }
        }
    }

    /// Returns what to let go of at the end, if this was the order to close.
    fn take(&mut self, order: Order, batch: &mut Batch) -> Option<Sender<()>> {
        match order {
            Order::Append(record, durable) => {
                batch.push(*record, EVENT_DELAY, asleep_us);
                batch.durable.extend(durable);
            }
            Order::Sample(sample) => batch.sample(*sample, self.config.sample_durability),
            Order::Flush(durable) => batch.durable.push(durable),
            Order::Close(stopped) => return Some(stopped),
        }
        None
    }

    /// An error is one after which nothing more is to be written.
    fn commit(&mut self, batch: &mut Batch, last: bool) -> Result<(), NoRecord> {
        batch.close_block(asleep_us);
        batch.due = None;
        let written = match &self.place {
            Place::Nowhere { since, .. } if since.elapsed() < RETRY && !last => false,
            Place::Nowhere { lost, .. } => {
                let what = match lost {
                    0 => "the journal can be written again".to_owned(),
                    lost => format!("the journal can be written again; {lost} records are lost"),
                };
                self.write_elsewhere(&mut batch.records, what).is_ok()
            }
            Place::Segment(segment) => {
                let full = segment.bytes() >= self.config.segment_bytes;
                let written = if full {
                    self.next_segment(&mut batch.records)
                } else {
                    self.write(&mut batch.records)
                };
                match written {
                    Ok(()) => true,
                    Err(error) => self.failed(&mut batch.records, &error)?,
                }
            }
        };
        if written {
            batch.records.clear();
        } else {
            self.keep_a_few(&mut batch.records);
        }
        batch.acknowledge();
        Ok(())
    }

    fn write(&mut self, records: &mut [Record]) -> io::Result<()> {
        let Place::Segment(segment) = &mut self.place else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if records.is_empty() {
            return Ok(());
        }
        let mut seq = self.seq;
        let bytes = lines(records, &mut seq);
        append(segment, &bytes, self.mirror.as_ref())?;
        self.seq = seq;
        Ok(())
    }

    /// Begins another segment with its header and these records.
    fn next_segment(&mut self, records: &mut [Record]) -> io::Result<()> {
        let before = match &self.place {
            Place::Segment(segment) => segment.number,
            Place::Nowhere { number, .. } => *number,
        };
        let mut segment = Segment::create(&self.folder, before.saturating_add(1))?;
        let mut header = self.header.clone();
        header.boottime_us = Clocks::now().boottime_us;
        header.previous = Some(Previous {
            segment: super::segment::name(before),
            seq: self.seq.checked_sub(1),
        });
        let mut seq = self.seq;
        let mut bytes = lines(&mut [now(Event::Header(header))], &mut seq);
        bytes.extend(lines(records, &mut seq));
        if let Err(error) = append(&mut segment, &bytes, self.mirror.as_ref()) {
            segment.discard();
            return Err(error);
        }
        self.seq = seq;
        self.place = Place::Segment(segment);
        Ok(())
    }

    /// Writes what was not acknowledged into another segment and says what became of it: whether it
    /// was written there.
    fn failed(&mut self, records: &mut Vec<Record>, error: &io::Error) -> Result<bool, NoRecord> {
        let path = match &self.place {
            Place::Segment(segment) => segment.path.clone(),
            Place::Nowhere { .. } => self.folder.clone(),
        };
        if is_full(error) {
            self.reserve.give_up();
        }
        let what = format!("failed to write the journal {}: {error}", path.display());
        let written = self.write_elsewhere(records, what).is_ok();
        let then = match (&self.place, self.config.on_error) {
            (Place::Segment(segment), _) => Then::GoesOn {
                segment: segment.name(),
            },
            (Place::Nowhere { .. }, OnError::Continue) => Then::WithoutPromise,
            (Place::Nowhere { .. }, OnError::Stop) => Then::NothingIsRecorded,
        };
        let ends = then == Then::NothingIsRecorded;
        let error = JournalError::write(&path, error, then);
        (self.config.tell)(&error);
        if self.config.on_error == OnError::Stop {
            let _ = self.failure.set(error);
        }
        if ends { Err(NoRecord) } else { Ok(written) }
    }

    fn write_elsewhere(&mut self, records: &mut Vec<Record>, what: String) -> io::Result<()> {
        records.insert(0, now(Event::Trouble { what }));
        let written = self.next_segment(records);
        if written.is_err() {
            records.remove(0);
            let (number, lost) = match &self.place {
                Place::Segment(segment) => (segment.number, 0),
                Place::Nowhere { number, lost, .. } => (*number, *lost),
            };
            self.place = Place::Nowhere {
                since: Instant::now(),
                number,
                lost,
            };
        }
        written
    }

    /// Drops what memory is not to be filled with: samples first.
    fn keep_a_few(&mut self, records: &mut Vec<Record>) {
        let before = records.len();
        records.retain(|record| !matches!(record.event, Event::SampleBlock(_)));
        records.truncate(MOST_KEPT);
        if let Place::Nowhere { lost, .. } = &mut self.place {
            *lost += before - records.len();
        }
    }
}

/// Nothing more is written, and the run is to end.
struct NoRecord;

/// The mirror has it before the disk is asked: a marker never waits for the other machine, and what
/// kills this one may be in between.
fn append(segment: &mut Segment, bytes: &[u8], mirror: Option<&Mirror>) -> io::Result<()> {
    if let Some(mirror) = mirror {
        mirror.send(segment.number, segment.bytes(), bytes);
    }
    segment.append(bytes)
}

/// Numbers them from `seq` on, which moves to the next one.
fn lines(records: &mut [Record], seq: &mut u64) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in records {
        record.seq = *seq;
        // Only a value that JSON cannot hold could fail here, and no event has one.
        if encode(record, &mut lines).is_ok() {
            *seq += 1;
        }
    }
    lines
}

/// Not numbered yet.
pub fn now(event: Event) -> Record {
    let Clocks {
        mono_us, wall_us, ..
    } = Clocks::now();
    Record {
        seq: 0,
        mono_us,
        wall_us,
        event,
    }
}

fn asleep_us() -> u64 {
    let clocks = Clocks::now();
    clocks.boottime_us.saturating_sub(clocks.mono_us)
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
