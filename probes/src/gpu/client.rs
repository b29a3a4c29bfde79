//! The client of the probe process: asks with a deadline, numbers its questions, can lose the
//! process and starts it again a few times. It never waits longer than it is told.

use std::time::{Duration, Instant};

use super::child::{ProbeProcess, Received};
use super::{Answer, Command, Question, Reply, Request};
use crashpoint_reports::gpu::GpuNews;

/// One start and three restarts: after that a machine with this driver has no probe.
const MOST_STARTS: u32 = 4;

/// Lines that are no answer to anything asked, such as a library's greetings.
const MOST_STRAY_LINES: u32 = 64;

/// Starts its process at the first question. Dropping it kills the process with a bounded wait.
///
/// The process dies with the *thread* that asked the first question, so keep the client on a
/// thread that lives as long as it does.
#[derive(Debug)]
pub struct Client {
    command: Command,
    process: Option<ProbeProcess>,
    waiting: Option<Waiting>,
    starts: u32,
    last_id: u64,
    absent: Option<String>,
    news: Vec<GpuNews>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: u64,
    since: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Reply(Reply),
    /// No answer yet. It may still come: the process is kept, and no second question is put to it.
    Silent,
    /// The process ended instead of answering; the next question starts it again.
    Ended {
        because: String,
    },
    /// There is nothing to ask, and there will be nothing.
    Absent {
        because: String,
    },
}

impl Client {
    pub fn new(command: Command) -> Client {
        Client {
            command,
            process: None,
            waiting: None,
            starts: 0,
            last_id: 0,
            absent: None,
            news: Vec::new(),
        }
    }

    /// An answer that is still owed to an earlier question is awaited first and dropped. Returns
    /// `within` the given time, or up to a second later when the process is found to be lost.
    pub fn ask(&mut self, question: Question, within: Duration) -> Outcome {
        let deadline = Instant::now() + within;
        if self.waiting.is_some() {
            match self.wait_until(deadline) {
                Outcome::Reply(_) => {}
                other => return other,
            }
        }
        match self.begin(question) {
            Ok(()) => self.wait_until(deadline),
            Err(outcome) => outcome,
        }
    }

    /// Puts a question; [`wait`](Client::wait) brings its answer, at once or much later. While an
    /// earlier question is unanswered this one is not put: `Err(Silent)`.
    pub fn begin(&mut self, question: Question) -> Result<(), Outcome> {
        if let Some(because) = &self.absent {
            return Err(Outcome::Absent {
                because: because.clone(),
            });
        }
        if self.waiting.is_some() {
            return Err(Outcome::Silent);
        }
        self.last_id += 1;
        let request = Request {
            id: self.last_id,
            question,
        };
        let mut line =
            serde_json::to_vec(&request).map_err(|error| self.lose(error.to_string()))?;
        line.push(b'\n');
        let sent = self.running().map(|process| process.send(&line))?;
        if let Err(error) = sent {
            // It is gone, or it does not read. What it said last tells which.
            let why = match self
                .process
                .as_mut()
                .map(|process| process.receive(Instant::now()))
            {
                Some(Received::Ended(because)) => because,
                _ => format!("failed to write to it: {error}"),
            };
            return Err(self.lose(why));
        }
        self.waiting = Some(Waiting {
            id: self.last_id,
            since: Instant::now(),
        });
        Ok(())
    }

    /// The answer to the question that was begun. `Silent` as well if there is none to wait for.
    pub fn wait(&mut self, within: Duration) -> Outcome {
        self.wait_until(Instant::now() + within)
    }

    /// What the answers so far have brought besides, each once.
    pub fn news(&mut self) -> Vec<GpuNews> {
        std::mem::take(&mut self.news)
    }

    /// When the question was put that has no answer yet.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.waiting.map(|waiting| waiting.since)
    }

    fn wait_until(&mut self, deadline: Instant) -> Outcome {
        let mut stray = 0;
        loop {
            let (Some(process), Some(waiting)) = (self.process.as_mut(), self.waiting) else {
                return Outcome::Silent;
            };
            let line = match process.receive(deadline) {
                Received::Line(line) => line,
                Received::Nothing => return Outcome::Silent,
                Received::Ended(because) => return self.lose(because),
            };
            match serde_json::from_slice::<Answer>(&line) {
                Ok(answer) if answer.id == waiting.id => {
                    self.waiting = None;
                    self.news.extend(answer.news);
                    return self.settle(answer.reply);
                }
                Ok(_) | Err(_) => stray += 1,
            }
            if stray > MOST_STRAY_LINES {
                return self.lose("it answers with something that is no answer".to_owned());
            }
        }
    }

    fn settle(&mut self, reply: Reply) -> Outcome {
        let Reply::Absent { because } = reply else {
            return Outcome::Reply(reply);
        };
        self.process = None;
        self.absent = Some(because.clone());
        Outcome::Absent { because }
    }

    fn running(&mut self) -> Result<&mut ProbeProcess, Outcome> {
        if self.process.is_none() {
            self.starts += 1;
            match ProbeProcess::start(&self.command) {
                Ok(process) => self.process = Some(process),
                Err(error) => {
                    return Err(self.lose(format!(
                        "failed to start {}: {error}",
                        self.command.program.display()
                    )));
                }
            }
        }
        self.process.as_mut().ok_or(Outcome::Silent)
    }

    fn lose(&mut self, because: String) -> Outcome {
        self.process = None;
        self.waiting = None;
        if self.starts < MOST_STARTS {
            return Outcome::Ended { because };
        }
        let because = format!(
            "the GPU probe was lost {} times; the last time {because}",
            self.starts
        );
        self.absent = Some(because.clone());
        Outcome::Absent { because }
    }

    #[cfg(test)]
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(ProbeProcess::pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::id;

    const LONG: Duration = Duration::from_secs(30);
    const READ: Question = Question::Read {
        worker_pid: None,
        counters: false,
    };

    fn client(script: &str) -> Client {
        Client::new(Command {
            program: "/bin/sh".into(),
            args: ["-c", script].map(Into::into).to_vec(),
        })
    }

    #[test]
    fn answers_come_to_the_question_they_belong_to() {
        // A greeting, an old answer and an answer from the future come before the right one.
        let mut client = client(
            r#"n=0; while read -r _; do n=$((n+1)); echo hello; echo '{"id":99,"read":[]}'; echo '{"id":0,"facts":{}}'
               echo "{\"id\":$n,\"read\":[{\"index\":$n,\"uuid\":\"GPU-x\"}]}"; done"#,
        );
        for n in 1..=3 {
            let Outcome::Reply(Reply::Read(gpus)) = client.ask(READ, LONG) else {
                panic!("no answer to question {n}");
            };
            assert_eq!(gpus[0].index, n);
            assert_eq!(client.waiting_since(), None);
        }
    }

    #[test]
    fn a_silent_process_is_kept_and_a_late_answer_is_not_taken_for_a_new_one() {
        let gate = std::env::temp_dir().join(format!("crashpoint-gate-{}", id()));
        let _ = std::fs::remove_file(&gate);
        nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // The first answer waits until this test lets it go.
        let mut client = client(&format!(
            r#"read -r _; read -r _ < {}; echo '{{"id":1,"read":[{{"index":1,"uuid":""}}]}}'
               while read -r _; do echo '{{"id":2,"read":[{{"index":2,"uuid":""}}]}}'; done"#,
            gate.display()
        ));
        assert_eq!(client.ask(READ, Duration::from_millis(20)), Outcome::Silent);
        let since = client.waiting_since().unwrap();
        let pid = client.pid();
        assert_eq!(client.ask(READ, Duration::from_millis(20)), Outcome::Silent);
        assert_eq!(client.begin(READ), Err(Outcome::Silent));
        assert_eq!((client.waiting_since(), client.pid()), (Some(since), pid));

        std::fs::write(&gate, "\n").unwrap();
        let Outcome::Reply(Reply::Read(gpus)) = client.ask(READ, LONG) else {
            panic!("no answer after the silence");
        };
        assert_eq!(
            gpus[0].index, 2,
            "the late answer was taken for the new one"
        );
        std::fs::remove_file(&gate).unwrap();
    }

    #[test]
    fn a_late_answer_can_be_waited_for() {
        let mut client =
            client(r#"read -r _; echo '{"id":1,"facts":{"driver_version":"570"}}'; read -r _"#);
        client.begin(Question::Facts {}).unwrap();
        let mut outcome = Outcome::Silent;
        while outcome == Outcome::Silent {
            outcome = client.wait(Duration::from_millis(1));
        }
        assert!(
            matches!(outcome, Outcome::Reply(Reply::Facts(facts)) if facts.driver_version.as_deref() == Some("570"))
        );
    }

    #[test]
    fn a_crashing_process_is_started_again_a_few_times() {
        let mut client = client("read -r _; kill -SEGV $$");
        for _ in 1..MOST_STARTS {
            let Outcome::Ended { because } = client.ask(READ, LONG) else {
                panic!("not ended");
            };
            assert!(because.contains("signal: 11"), "{because}");
        }
        let last = client.ask(READ, LONG);
        assert!(
            matches!(&last, Outcome::Absent { because } if because.contains("4 times")),
            "{last:?}"
        );
        assert_eq!(client.ask(READ, LONG), last);
    }

    #[test]
    fn a_process_that_crashed_once_answers_again() {
        let mark = std::env::temp_dir().join(format!("crashpoint-once-{}", id()));
        let _ = std::fs::remove_file(&mark);
        let mut client = client(&format!(
            r#"test -e {0} || {{ : > {0}; exit 3; }}; read -r _; echo '{{"id":2,"read":[]}}'; read -r _"#,
            mark.display()
        ));
        let first = client.ask(READ, LONG);
        assert!(
            matches!(&first, Outcome::Ended { because } if because.contains("exit status: 3")),
            "{first:?}"
        );
        assert_eq!(client.ask(READ, LONG), Outcome::Reply(Reply::Read(vec![])));
        std::fs::remove_file(&mark).unwrap();
    }

    #[test]
    fn garbage_is_not_read_for_ever() {
        for script in ["while :; do echo garbage; done", "exec cat /dev/zero"] {
            let outcome = client(script).ask(READ, LONG);
            assert!(
                matches!(outcome, Outcome::Ended { .. }),
                "{script}: {outcome:?}"
            );
        }
    }

    #[test]
    fn an_executable_that_is_not_there_is_absent_with_its_name() {
        let mut client = Client::new(Command {
            program: "/nowhere/crashpoint".into(),
            args: vec![],
        });
        let mut outcome = Outcome::Silent;
        for _ in 0..MOST_STARTS {
            outcome = client.ask(READ, LONG);
        }
        assert!(
            matches!(&outcome, Outcome::Absent { because } if because.contains("/nowhere/crashpoint")),
            "{outcome:?}"
        );
    }

    #[test]
    fn absence_is_final_and_ends_the_process() {
        let mut client =
            client(r#"read -r _; echo '{"id":1,"absent":{"because":"no driver"}}'; read -r _"#);
        let absent = Outcome::Absent {
            because: "no driver".into(),
        };
        assert_eq!(client.ask(READ, LONG), absent);
        assert_eq!(client.pid(), None);
        assert_eq!(client.ask(Question::Facts {}, LONG), absent);
    }

    #[test]
    fn dropping_the_client_ends_a_process_that_hears_nothing() {
        let mut client = client("trap '' TERM INT HUP; sleep 1000 & wait; sleep 1000");
        assert_eq!(client.ask(READ, Duration::from_millis(1)), Outcome::Silent);
        let pid = i32::try_from(client.pid().unwrap()).unwrap();
        drop(client);
        assert!(crate::Worker::open(pid).is_none());
    }
}
