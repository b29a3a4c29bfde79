//! What a worker has said so far, and what that means for the record and for its deadline.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crashpoint_reports::event::{self, Marker};
use crashpoint_reports::page::Statement;
use crashpoint_reports::protocol::{
    FromWorker, Hello, ImageAt, ImageResult, PhaseStart, ToWorker, VERSION, WorkerError,
};
use crashpoint_reports::{Event, Phase};

use super::page::{Overwritten, Page};
use super::{Progress, Supervisor, Task, TimeLimits, spawn};

/// Messages that nobody waits for, between two markers: more of them is a flood.
const MOST_BETWEEN_MARKERS: u32 = 1000;
/// Markers that a worker may send before the first of them is acknowledged.
const MOST_MARKERS_WAITING: usize = 16;

/// A job lists its images: of thousands it does not fit into the socket at once.
const JOB_TAKEN: Duration = Duration::from_secs(5);

/// What the limit on everything is for.
const WHOLE: &str = "for the whole attempt";
/// Between two looks at how far the worker has come. It only matters to a machine that goes away: of
/// a worker that dies the last word is always recorded.
const PROGRESS: Duration = Duration::from_millis(500);

pub struct WorkerState<'a> {
    supervisor: &'a Supervisor<'a>,
    task: &'a Task,
    /// Shared with the journal's thread, which acknowledges the markers.
    socket: Arc<UnixStream>,
    /// As they were given, with what this attempt's images taught.
    pub limits: TimeLimits,
    phase: Phase,
    position: Option<u32>,
    /// When the clock of the current limit began.
    since: Instant,
    born: Instant,
    /// By message.
    token: Option<u32>,
    page: Option<Page>,
    /// The number of the current phase's marker, and how many statements the page held when it began:
    /// those are of phases before it, whatever they say.
    marker: Option<u64>,
    stale: u64,
    recorded: Option<event::Progress>,
    looked: Instant,
    unasked: u32,
    pub said_hello: bool,
    pub said_done: bool,
    pub error: Option<WorkerError>,
}

impl<'a> WorkerState<'a> {
    pub fn new(
        supervisor: &'a Supervisor<'a>,
        task: &'a Task,
        socket: UnixStream,
        page: Option<Page>,
    ) -> WorkerState<'a> {
        let now = Instant::now();
        WorkerState {
            supervisor,
            task,
            socket: Arc::new(socket),
            limits: task.limits,
            phase: if task.job.is_some() {
                Phase::Start
            } else {
                Phase::Run
            },
            position: None,
            since: now,
            born: now,
            token: None,
            page,
            marker: None,
            stale: 0,
            recorded: None,
            looked: now,
            unasked: 0,
            said_hello: false,
            said_done: false,
            error: None,
        }
    }

    /// When the limit that holds now is broken.
    pub fn deadline(&self) -> Option<Instant> {
        self.limit().map(|(at, ..)| at)
    }

    /// The limit that is broken now, as a sentence.
    pub fn broken_limit(&self, now: Instant) -> Option<String> {
        let (_, limit, what) = self.limit().filter(|(at, ..)| now >= *at)?;
        let place = match self.position {
            Some(position) if what != WHOLE => format!("{}, at position {position}", self.phase),
            _ => self.phase.to_string(),
        };
        let seconds = limit.as_secs_f64();
        Some(format!("in {place}: more than {seconds:.1} s {what}"))
    }

    /// The one of the limits that is broken first: when, how long it is, what it is for.
    fn limit(&self) -> Option<(Instant, Duration, &'static str)> {
        let current = self.limits.of(&self.phase, self.position);
        let current = current.map(|(limit, what)| (self.since + limit, limit, what));
        let whole = self.limits.whole;
        let whole = whole.map(|limit| (self.born + limit, limit, WHOLE));
        current.into_iter().chain(whole).min_by_key(|(at, ..)| *at)
    }

    /// Takes one line. An error is what was wrong with it.
    pub fn hear(&mut self, line: &[u8]) -> Result<(), String> {
        let message = FromWorker::parse(line)
            .map_err(|error| format!("it said what is no message: {error}: {:?}", excerpt(line)))?;
        if !matches!(message, FromWorker::Phase(_) | FromWorker::Token { .. }) {
            self.unasked += 1;
            if self.unasked > MOST_BETWEEN_MARKERS {
                return Err(format!(
                    "it sent more than {MOST_BETWEEN_MARKERS} messages without a marker"
                ));
            }
        }
        let attempt = self.task.attempt;
        let journal = self.supervisor.journal;
        match message {
            FromWorker::Hello(hello) => self.hello(hello)?,
            FromWorker::Phase(start) => self.marker(start)?,
            FromWorker::PhaseEnd(_) | FromWorker::Facts(_) => {
                journal.append(Event::said(attempt, message));
            }
            FromWorker::Token { n } => self.token = Some(n),
            FromWorker::Image(result) => self.image(result),
            FromWorker::Error(ref error) => {
                self.error = Some(error.clone());
                journal.append(Event::said(attempt, message));
            }
            FromWorker::Done {} => {
                self.said_done = true;
                journal.append(Event::said(attempt, message));
            }
        }
        Ok(())
    }

    fn hello(&mut self, hello: Hello) -> Result<(), String> {
        if hello.protocol != VERSION {
            return Err(format!(
                "it speaks version {} of the protocol, not {VERSION}",
                hello.protocol
            ));
        }
        if self.said_hello {
            return Err("it said hello twice".to_owned());
        }
        self.said_hello = true;
        (self.supervisor.observe)(Progress::Hello);
        let attempt = self.task.attempt;
        self.supervisor
            .journal
            .append(Event::Hello { attempt, hello });
        match &self.task.job {
            Some(job) => spawn::send_large(&self.socket, &ToWorker::Job(job.clone()), JOB_TAKEN)
                .map_err(|error| format!("it could not be told its job: {error}")),
            None => Ok(()),
        }
    }

    fn marker(&mut self, start: PhaseStart) -> Result<(), String> {
        // The journal's thread holds one reference for each marker that is not acknowledged yet.
        if Arc::strong_count(&self.socket) > MOST_MARKERS_WAITING {
            return Err(format!(
                "it did not wait for the acknowledgement of {MOST_MARKERS_WAITING} markers"
            ));
        }
        self.unasked = 0;
        let socket = Arc::clone(&self.socket);
        let id = start.id;
        // Before the worker can hear that the phase may begin, and say something of it.
        self.turn_page(Some(id));
        let marker = Marker::of(self.task.attempt, start.clone());
        let outside = self.supervisor.acknowledged.cloned();
        let outside = outside.map(|outside| (outside, marker.clone(), Instant::now()));
        // A worker that is not there any more to be told is about to be noticed anyway.
        self.supervisor
            .journal
            .append_then(Event::Marker(marker), move || {
                let _ = spawn::send(&socket, &ToWorker::Ack { id });
                if let Some((outside, marker, asked)) = outside {
                    outside.tell(marker, asked.elapsed());
                }
            });
        self.enter(start.name, start.image);
        Ok(())
    }

    fn image(&mut self, result: ImageResult) {
        let attempt = self.task.attempt;
        if let Some(seconds) = result
            .seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        {
            self.limits.measured(seconds);
        }
        let journal = self.supervisor.journal;
        journal.append(Event::said(attempt, FromWorker::Image(result.clone())));
        // The worker waits for nothing between two images, so this marker is ours.
        journal.append(Event::Marker(Marker {
            attempt,
            id: None,
            phase: Phase::Idle,
            image: None,
        }));
        (self.supervisor.observe)(Progress::Image(Box::new(result)));
        self.turn_page(None);
        self.enter(Phase::Idle, None);
    }

    fn enter(&mut self, phase: Phase, image: Option<ImageAt>) {
        let position = image.as_ref().map(|image| image.position);
        // The phases of one image share one limit.
        if position.is_none() || position != self.position {
            self.since = Instant::now();
        }
        self.position = position;
        self.phase = phase.clone();
        if let Some(probes) = self.supervisor.probes {
            probes.border();
        }
        (self.supervisor.observe)(Progress::Phase { phase, image });
    }

    fn turn_page(&mut self, marker: Option<u64>) {
        self.token = None;
        self.marker = marker;
        self.stale = self.page.as_ref().map_or(0, Page::count);
        self.recorded = None;
    }

    /// Records how far the worker has come, if that is news and the last look at it was not just now:
    /// a GPU makes hundreds of tokens a second.
    pub fn record_progress(&mut self) {
        if self.looked.elapsed() >= PROGRESS {
            self.record_progress_now();
        }
    }

    pub fn record_progress_now(&mut self) {
        self.looked = Instant::now();
        let news = self
            .progress()
            .filter(|it| self.recorded.as_ref() != Some(it));
        if let Some(progress) = news {
            self.recorded = Some(progress.clone());
            self.supervisor.journal.append(Event::Progress(progress));
        }
    }

    /// Within the current phase.
    fn progress(&mut self) -> Option<event::Progress> {
        let attempt = self.task.attempt;
        let by_message = self.token.map(|n| event::Progress::of_tokens(attempt, n));
        let Some((count, said)) = self.last_statement() else {
            return by_message;
        };
        // The number of a marker is the worker's own, and 0 stands for none.
        if count == self.stale || said.marker != self.marker.unwrap_or(0) {
            return by_message;
        }
        let progress = event::Progress {
            attempt,
            marker: self.marker,
            token: said.token.or(self.token),
            layer: said.layer,
            allocated_bytes: said.allocated_bytes,
            step: said.step,
        };
        let says_something = progress.token.is_some()
            || progress.layer.is_some()
            || progress.allocated_bytes.is_some()
            || progress.step.is_some();
        says_something.then_some(progress)
    }

    /// A page that was written over is not looked at again.
    fn last_statement(&mut self) -> Option<(u64, Statement)> {
        match self.page.as_ref()?.last() {
            Ok(last) => last,
            Err(Overwritten) => {
                self.page = None;
                self.supervisor.journal.append(Event::Violation {
                    attempt: self.task.attempt,
                    what: "it wrote over the head of its page, which is not believed any more"
                        .to_owned(),
                });
                None
            }
        }
    }
}

fn excerpt(line: &[u8]) -> String {
    let shown = line.get(..line.len().min(120)).unwrap_or_default();
    String::from_utf8_lossy(shown).into_owned()
}
