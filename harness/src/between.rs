//! Between attempts on a GPU: is its memory as it was before, and does anything still work on it? What
//! is found is the doing of the attempt that is just over. Nothing here ever resets a GPU.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant};

use crashpoint_probes::gpu::{self, Client, Outcome, Question, Reply};
use crashpoint_reports::Event;
use crashpoint_reports::device_check::{DeviceCheck, Try, TryResult};
use crashpoint_reports::protocol::FD_VARIABLE;
use crashpoint_scenarios::worker::self_check;

use crate::asked::{Ended, ask};
use crate::failure::Failure;
use crate::runs_on::RunsOn;
use crate::session::Session;

/// For one answer of the driver's.
const READING: Duration = Duration::from_secs(5);
/// A driver gives a dead process's memory back within moments.
const SETTLING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);
/// A GPU that is recovering may need a second one.
const TRIES: usize = 2;

pub struct Between<'a> {
    session: &'a Session,
    runs_on: &'a RunsOn,
    /// Its UUID.
    gpu: Option<String>,
    /// The program that can check the device, where it is one of ours that was built for it.
    checker: Option<OsString>,
    within: Duration,
    probe: RefCell<Client>,
    baseline: Cell<Option<u64>>,
    lost: RefCell<Option<String>>,
}

impl<'a> Between<'a> {
    /// Looks at the device as it is before anything was run on it. `None`: there is no GPU in this.
    pub fn begin(
        runs_on: &'a RunsOn,
        session: &'a Session,
        within: Duration,
    ) -> Option<Between<'a>> {
        if !runs_on.is_gpu() {
            return None;
        }
        let mut probe = Client::new(gpu::Command {
            program: session.executable.clone(),
            args: vec!["probe".into()],
        });
        let gpu = match probe.ask(Question::Facts {}, READING) {
            Outcome::Reply(Reply::Facts(facts)) => runs_on.uuid(&facts),
            _ => None,
        };
        let (program, _) = runs_on.worker(&session.executable);
        let mut between = Between {
            session,
            runs_on,
            gpu,
            checker: runs_on.can_check().then_some(program),
            within,
            probe: RefCell::new(probe),
            baseline: Cell::new(None),
            lost: RefCell::default(),
        };
        between.baseline.set(between.used_bytes());
        let before = between
            .checker
            .as_ref()
            .map(|checker| between.try_it(checker));
        if let Some(before) = before.filter(|it| it.result != TryResult::Worked) {
            // Then it is no attempt's doing, and the attempts will tell what it is.
            let what = format!(
                "{} did not work before the first attempt, and is not checked between attempts: {}",
                runs_on.label,
                before.said.trim()
            );
            session.journal.append(Event::Trouble { what });
            between.checker = None;
        }
        Some(between)
    }

    /// Looks again, records what it finds, and says from then on whether the device can be used.
    pub fn after(&self, attempt: u32, case: &str) -> Result<(), Failure> {
        if self.gpu.is_none() && self.checker.is_none() {
            return Ok(());
        }
        let began = Instant::now();
        let mut check = DeviceCheck {
            attempt,
            device: self.runs_on.label.clone(),
            gpu: self.gpu.clone(),
            baseline_bytes: self.baseline.get(),
            ..DeviceCheck::default()
        };
        loop {
            check.used_bytes = self.used_bytes();
            let waited = began.elapsed();
            check.waited_seconds = waited.as_secs_f64();
            if check.left_bytes().is_none() || waited >= SETTLING || self.interrupted() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        if let Some(checker) = &self.checker {
            while check.is_worth_a_try(TRIES) && !self.interrupted() {
                check.tries.push(self.try_it(checker));
            }
        }
        if let (Some(before), Some(now)) = (check.baseline_bytes, check.used_bytes) {
            // What is left is told once; what others gave back is not ours to take.
            let next = if check.left_bytes().is_some() {
                now
            } else {
                now.min(before)
            };
            self.baseline.set(Some(next));
        }
        if check.is_lost() {
            let because = format!("{} did not come back after {case}", self.runs_on.label);
            self.lost.replace(Some(because));
        }
        let journal = &self.session.journal;
        let recorded = journal.append_durably(Event::DeviceCheck(Box::new(check)));
        recorded.map_err(Failure::unfit)
    }

    /// Why nothing more can be run on the device, if so.
    pub fn lost(&self) -> Option<String> {
        self.lost.borrow().clone()
    }

    /// The UUID of the device.
    pub fn gpu(&self) -> Option<String> {
        self.gpu.clone()
    }

    fn interrupted(&self) -> bool {
        self.session.interrupt.signal().is_some()
    }

    fn used_bytes(&self) -> Option<u64> {
        let uuid = self.gpu.as_ref()?;
        let question = Question::Read {
            worker_pid: None,
            counters: false,
        };
        match self.probe.borrow_mut().ask(question, READING) {
            Outcome::Reply(Reply::Read(gpus)) => {
                let gpu = gpus.into_iter().find(|gpu| gpu.uuid == *uuid)?;
                gpu.memory_used_bytes
            }
            _ => None,
        }
    }

    fn try_it(&self, checker: &OsString) -> Try {
        let mut command = Command::new(checker);
        command
            .args([self_check::QUESTION, &self.runs_on.device])
            .envs(self.runs_on.variables())
            .env_remove(FD_VARIABLE);
        let (result, said) = match ask(&mut command, self.within) {
            Ok(answer) => {
                let result = match answer.ended {
                    Ended::With(status) if status.success() => TryResult::Worked,
                    Ended::With(_) => TryResult::Failed,
                    Ended::TooLong => TryResult::Hung,
                    Ended::Unkillable => TryResult::Unkillable,
                };
                (result, answer.stderr)
            }
            Err(error) => (TryResult::Failed, error.to_string()),
        };
        Try {
            result,
            said: said.chars().take(2000).collect(),
        }
    }
}
