//! The one loop that watches a worker: its keeper, its messages, its output, its deadline.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crashpoint_probes::OwnGroup;
use crashpoint_reports::event::{
    AttemptEnd, AttemptStart, Ended, LeftBehind, Marker, Purpose, ThreadState, Usage,
};
use crashpoint_reports::protocol::MAX_LINE_BYTES;
use crashpoint_reports::{Ending, EndingKind, Event, Outcome, Phase, WaitStatus};

use super::gather::Gathering;
use super::kill::{Kill, Reason};
use super::lines::Look;
use super::page::Page;
use super::spawn::{self, Spawned};
use super::streams::Streams;
use super::worker_state::WorkerState;
use super::{Finished, Progress, SuperviseError, Supervisor, Task, threads};
use crate::keeper::FromKeeper;

/// How often the loop looks up though nothing happened: how far an image has come is recorded then.
const TICK: Duration = Duration::from_millis(500);
/// After the process and all that it left behind are gone, a pipe that is still open is held by
/// somebody out of reach.
const PIPES: Duration = Duration::from_secs(1);
/// The keeper sweeps within its own bound, then leaves.
const SWEEPING: Duration = Duration::from_secs(4);

pub fn attempt(supervisor: &Supervisor<'_>, task: &Task) -> Result<Finished, SuperviseError> {
    // A step that is not recorded is not taken.
    supervisor.journal.check()?;
    let attempt = task.attempt;
    let reason = &task.reason;
    let group = match task.group.map(OwnGroup::make).transpose() {
        Ok(group) => group,
        Err(error) => {
            let what = error.to_string();
            supervisor.journal.append(Event::Trouble { what });
            return Err(error.into());
        }
    };
    let folder = task
        .folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    supervisor.journal.append(Event::AttemptStart(AttemptStart {
        attempt,
        case: task.case.clone(),
        n: task.n,
        purpose: reason.purpose,
        diagnostic: reason.purpose == Purpose::Diagnostic,
        variation: reason.variation.clone(),
        again: reason.again.clone(),
        job: task.job.is_some(),
        gpu: task.gpu.clone(),
        folder: format!("attempts/{folder}"),
        command: spawn::shown(&task.program, &task.arguments),
    }));
    let phase = if task.job.is_some() {
        Phase::Start
    } else {
        Phase::Run
    };
    let marker = Marker {
        attempt,
        id: None,
        phase,
        image: None,
    };
    supervisor.journal.append_durably(Event::Marker(marker))?;

    let groups = group
        .as_ref()
        .map(OwnGroup::directories)
        .unwrap_or_default();
    let failed = |what| move |why| SuperviseError::System { what, why };
    let gathering = Gathering::begin(&task.folder, group.as_ref());
    let page = Page::make()
        .inspect_err(|why| {
            let what = format!("a page for the worker to write to cannot be had: {why}");
            supervisor.journal.append(Event::Trouble { what });
        })
        .ok();
    let spawned = spawn::spawn(&supervisor.keeper, task, &groups, page.as_ref())
        .map_err(failed("start the keeper"))?;
    let mut watch = Watch::new(supervisor, task, spawned, page, group, gathering)
        .map_err(failed("watch the worker"))?;
    while !watch.over() {
        watch.look().map_err(failed("watch the worker"))?;
    }
    watch.finish()
}

struct Watch<'a> {
    supervisor: &'a Supervisor<'a>,
    task: &'a Task,
    keeper: std::process::Child,
    group: Option<OwnGroup>,
    gathering: Gathering,
    streams: Streams,
    state: WorkerState<'a>,
    pid: Option<i32>,
    kill: Option<Kill>,
    ended: Option<(WaitStatus, Usage)>,
    /// When the process was seen to be gone, or given up.
    over_since: Option<Instant>,
    swept: bool,
    left_behind: Vec<LeftBehind>,
    threads: Vec<ThreadState>,
    spawn_error: Option<String>,
}

impl<'a> Watch<'a> {
    fn new(
        supervisor: &'a Supervisor<'a>,
        task: &'a Task,
        spawned: Spawned,
        page: Option<Page>,
        group: Option<OwnGroup>,
        gathering: Gathering,
    ) -> io::Result<Watch<'a>> {
        let socket = spawned.events.try_clone()?;
        let (streams, keeper) = Streams::new(task, spawned)?;
        Ok(Watch {
            supervisor,
            task,
            keeper,
            group,
            gathering,
            streams,
            state: WorkerState::new(supervisor, task, socket, page),
            pid: None,
            kill: None,
            ended: None,
            over_since: None,
            swept: false,
            left_behind: Vec::new(),
            threads: Vec::new(),
            spawn_error: None,
        })
    }

    fn over(&self) -> bool {
        let Some(since) = self.over_since else {
            return false;
        };
        let gave_up = self.ended.is_none() && self.spawn_error.is_none();
        let waited = since.elapsed();
        let swept = self.swept || self.streams.control.is_none() || waited >= SWEEPING;
        gave_up || (swept && (!self.streams.open() || waited >= PIPES))
    }

    fn look(&mut self) -> io::Result<()> {
        // The bell rings for ever: once the answer is under way it must not wake us again.
        let bell = self
            .kill
            .is_none()
            .then(|| self.supervisor.interrupt.as_fd());
        let ready = self.streams.wait(self.until(), bell)?;
        if ready.stdout {
            self.streams.stdout.drain();
        }
        if ready.stderr {
            self.streams.stderr.drain();
        }
        if self.over_since.is_some() {
            self.streams.stdout.last_words();
            self.streams.stderr.last_words();
        }
        // What the worker said comes before what became of it.
        if ready.events {
            self.hear_worker();
        }
        if ready.control {
            self.hear_keeper();
        }
        self.state.record_progress();
        self.enforce();
        Ok(())
    }

    /// When the loop must look up at the latest.
    fn until(&self) -> Instant {
        let now = Instant::now();
        let next = match (self.over_since, &self.kill) {
            (Some(since), _) => Some(since + if self.swept { PIPES } else { SWEEPING }),
            (None, Some(kill)) => Some(kill.next()),
            (None, None) => self.state.deadline(),
        };
        next.map_or(now + TICK, |next| next.min(now + TICK))
    }

    fn hear_worker(&mut self) {
        let Some(lines) = &mut self.streams.events else {
            return;
        };
        let mut wrong = None;
        let state = &mut self.state;
        let look = lines.read(|line| {
            if wrong.is_none() {
                wrong = state.hear(line).err();
            }
        });
        let what = match (wrong, look) {
            (Some(what), _) => Some(what),
            (None, Ok(Look::TooLong)) => Some(format!(
                "it sent a line of more than {MAX_LINE_BYTES} bytes"
            )),
            (None, Ok(Look::Open)) => return,
            (None, Ok(Look::Closed) | Err(_)) => None,
        };
        if let Some(what) = what {
            self.supervisor.journal.append(Event::Violation {
                attempt: self.task.attempt,
                what,
            });
        }
        self.streams.stop_listening();
    }

    fn hear_keeper(&mut self) {
        let Some(lines) = &mut self.streams.control else {
            return;
        };
        let mut messages: Vec<FromKeeper> = Vec::new();
        let look =
            lines.read(|line| messages.extend(serde_json::from_slice::<FromKeeper>(line).ok()));
        for message in messages {
            match message {
                FromKeeper::Started { pid } => {
                    self.pid = Some(pid);
                    let attempt = self.task.attempt;
                    self.supervisor
                        .journal
                        .append(Event::Spawned { attempt, pid });
                    if let Some(probes) = self.supervisor.probes {
                        probes.watch(pid);
                    }
                }
                FromKeeper::NotStarted { message, .. } => {
                    self.spawn_error = Some(format!(
                        "{:?} could not be started: {message}",
                        self.task.program
                    ));
                    self.over_since.get_or_insert_with(Instant::now);
                }
                FromKeeper::Ended { status, usage } => {
                    self.ended = Some((status, usage));
                    self.over_since.get_or_insert_with(Instant::now);
                    self.record_the_end();
                }
                FromKeeper::Swept { left_behind } => {
                    self.left_behind = left_behind;
                    self.swept = true;
                }
            }
        }
        if !matches!(look, Ok(Look::Open)) {
            self.streams.control = None;
            self.over_since.get_or_insert_with(Instant::now);
        }
    }

    fn enforce(&mut self) {
        if self.ended.is_some() || self.over_since.is_some() {
            return;
        }
        let now = Instant::now();
        if self.kill.is_none() {
            let reason = if self.supervisor.interrupt.signal().is_some() {
                Some(Reason::Interrupted)
            } else if self.supervisor.journal.check().is_err() {
                Some(Reason::NoRecord)
            } else {
                self.state.broken_limit(now).map(Reason::Timeout)
            };
            let Some(reason) = reason else { return };
            if let (Reason::Timeout(_), Some(pid)) = (&reason, self.pid) {
                self.threads = threads::states(pid);
            }
            let (kill, order) = Kill::begin(reason, now);
            self.kill = Some(kill);
            self.streams.order(order);
        }
        let insist = self.supervisor.interrupt.insists();
        let order = self
            .kill
            .as_mut()
            .and_then(|kill| kill.advance(now, insist));
        if let Some(order) = order {
            self.streams.order(order);
        }
        if self.kill.as_ref().is_some_and(Kill::given_up) {
            self.over_since = Some(now);
        }
    }

    /// Before anything else is done about it. The worker's last words come before it, as far as they
    /// were there to be read.
    fn record_the_end(&mut self) {
        self.state.record_progress_now();
        let ended = Ended {
            attempt: self.task.attempt,
            ending: self.ending(),
            limit: self.broken_limit(),
            usage: self.ended.map(|(_, usage)| usage),
        };
        let recorded = self
            .supervisor
            .journal
            .append_durably(Event::Ended(Box::new(ended)));
        // A journal that failed is noticed at the end of the attempt.
        if recorded.is_ok() {
            (self.supervisor.observe)(Progress::Ended);
        }
    }

    /// Where it was a limit that ended it.
    fn broken_limit(&self) -> Option<String> {
        match &self.kill.as_ref()?.reason {
            Reason::Timeout(limit) => Some(limit.clone()),
            Reason::Interrupted | Reason::NoRecord => None,
        }
    }

    fn ending(&self) -> Ending {
        let seen = self.ended.map(|(status, _)| Ending::from(status));
        let ending = match (seen, &self.kill) {
            (
                Some(seen),
                Some(Kill {
                    reason: Reason::Timeout(_),
                    ..
                }),
            ) => Ending {
                kind: EndingKind::Timeout,
                ..seen
            },
            (Some(seen), _) => seen,
            (None, Some(kill)) if kill.given_up() => Ending::of(EndingKind::Unkillable),
            (None, _) => Ending::of(EndingKind::Unreported),
        };
        let interrupted = self
            .kill
            .as_ref()
            .is_some_and(|kill| !matches!(kill.reason, Reason::Timeout(_)));
        Ending {
            interrupted,
            ..ending
        }
    }

    fn finish(mut self) -> Result<Finished, SuperviseError> {
        if let Some(probes) = self.supervisor.probes {
            probes.unwatch();
        }
        let ending = self.ending();
        let limit = self.broken_limit();
        self.state.record_progress_now();
        let end = AttemptEnd {
            attempt: self.task.attempt,
            ending,
            limit,
            spawn_error: self.spawn_error.take(),
            usage: self.ended.map(|(_, usage)| usage),
            stdout: self.streams.stdout.finish(),
            stderr: self.streams.stderr.finish(),
            left_behind: self.left_behind,
            threads: self.threads,
        };
        let journal = self.supervisor.journal;
        let recorded = journal.append_durably(Event::AttemptEnd(Box::new(end.clone())));
        let finished = Finished {
            end,
            had_job: self.task.job.is_some(),
            said_hello: self.state.said_hello,
            said_done: self.state.said_done,
            error: self.state.error,
            later_image: self.state.limits.later_image,
        };
        // Whoever interrupted a run knows why, and waits for it to end.
        if finished.outcome() != Outcome::Survived && !finished.ending().interrupted {
            let gathered = self.gathering.end(self.task.attempt);
            journal.append(Event::Gathered(Box::new(gathered)));
        }
        // Closing its socket makes a keeper that still waits kill everything and leave.
        drop(self.streams.control);
        reap(self.keeper);
        drop(self.group);
        recorded?;
        journal.check()?;
        Ok(finished)
    }
}

/// The keeper leaves by itself within seconds; one whose worker cannot die is waited for elsewhere.
fn reap(mut keeper: std::process::Child) {
    if !matches!(keeper.try_wait(), Ok(Some(_))) {
        let _ = std::thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || keeper.wait());
    }
}
