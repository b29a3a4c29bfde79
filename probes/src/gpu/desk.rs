//! One GPU's own thread, as those who ask it see it. A GPU whose driver does not come back keeps its
//! thread, and nobody else: it is silent, and what it owes is not waited for again.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crashpoint_reports::GpuSample;
use crashpoint_reports::environment::Gpu;
use crashpoint_reports::gpu::{GpuCall, GpuCounters, GpuProcess};

use super::calls::Calls;

#[derive(Debug)]
pub(super) struct Desk {
    calls: Arc<Calls>,
    questions: Sender<Ask>,
    answers: Receiver<Said>,
    /// Since when an answer is owed.
    asked: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    Facts,
    Read {
        worker_pid: Option<i32>,
        counters: bool,
    },
}

#[derive(Debug)]
pub(super) enum Said {
    Facts(Box<Gpu>),
    Read(Box<Read>),
}

#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) sample: GpuSample,
    pub(super) counters: Option<GpuCounters>,
    pub(super) processes: Option<Vec<GpuProcess>>,
}

impl Desk {
    /// `answer` runs on the thread, which ends with the desk unless it hangs.
    pub(super) fn open(
        index: u32,
        mut answer: impl FnMut(&Calls, Ask) -> Said + Send + 'static,
    ) -> io::Result<Desk> {
        let calls = Arc::new(Calls::default());
        let (questions, asked) = channel();
        let (say, answers) = channel();
        let timed = Arc::clone(&calls);
        std::thread::Builder::new()
            .name(format!("gpu-{index}"))
            .spawn(move || {
                for ask in asked {
                    if say.send(answer(&timed, ask)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Desk {
            calls,
            questions,
            answers,
            asked: None,
        })
    }

    /// Puts the question, unless an earlier one is unanswered. An answer that came late is dropped.
    pub(super) fn ask(&mut self, ask: Ask) {
        if self.asked.is_some() && self.answers.try_recv().is_ok() {
            self.asked = None;
        }
        if self.asked.is_none() && self.questions.send(ask).is_ok() {
            self.asked = Some(Instant::now());
        }
    }

    /// The answer to the question that was put. One that has been owed for longer than `patience` is
    /// not waited for.
    pub(super) fn wait(&mut self, patience: Duration) -> Option<Said> {
        let deadline = self.asked? + patience;
        let left = deadline.saturating_duration_since(Instant::now());
        let said = self.answers.recv_timeout(left).ok()?;
        self.asked = None;
        Some(said)
    }

    /// For how long an answer has been owed.
    pub(super) fn silent(&self) -> Option<Duration> {
        self.asked.map(|since| since.elapsed())
    }

    /// The call that has not come back.
    pub(super) fn stuck(&self) -> Option<GpuCall> {
        self.calls.under_way()
    }

    pub(super) fn slowest(&self) -> Option<GpuCall> {
        self.calls.slowest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn one_that_hangs_is_not_waited_for_and_not_asked_again() {
        let (go_on, hang) = sync_channel::<()>(0);
        let mut n = 0;
        let mut desk = Desk::open(3, move |calls, _| {
            n += 1;
            if n == 1 {
                calls.time("nvmlHang", || hang.recv().unwrap());
            }
            let mut read = Read::default();
            read.sample.index = n;
            Said::Read(Box::new(read))
        })
        .unwrap();
        let ask = Ask::Read {
            worker_pid: None,
            counters: false,
        };
        desk.ask(ask);
        assert!(desk.wait(Duration::from_millis(1)).is_none());
        while desk.stuck().is_none() {
            std::thread::yield_now();
        }
        assert_eq!(desk.stuck().unwrap().call, "nvmlHang");
        // Put to nobody: the first is still owed.
        desk.ask(ask);
        assert!(desk.silent().is_some());
        go_on.send(()).unwrap();
        assert!(desk.wait(LONG).is_some());
        assert!(desk.silent().is_none());
        desk.ask(ask);
        let Some(Said::Read(read)) = desk.wait(LONG) else {
            panic!("no answer");
        };
        assert_eq!(read.sample.index, 2);
    }
}
