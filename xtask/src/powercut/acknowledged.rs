//! What comes over the machine's second serial line: acknowledged markers, and init's words.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use crashpoint_reports::event::Marker;
use serde::Deserialize;

/// A marker whose worker was told that it is on the disk.
#[derive(Debug, Clone, Deserialize)]
pub struct Acknowledged {
    #[serde(flatten)]
    pub marker: Marker,
    /// In the guest, from the marker's arrival until the worker was told.
    pub waited_us: u64,
    /// How long the log of writes was when the host heard of it: its flush is before that.
    #[serde(skip)]
    pub logged: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub acknowledged: Vec<Acknowledged>,
    pub words: Vec<String>,
}

impl Heard {
    fn take(&mut self, line: &str, logged: u64) {
        // A line that the machine did not live to finish says nothing.
        if let Ok(acknowledged) = serde_json::from_str::<Acknowledged>(line) {
            self.acknowledged.push(Acknowledged {
                logged,
                ..acknowledged
            });
        } else if let Some(words) = line.strip_prefix("# ") {
            self.words.push(words.to_owned());
        }
    }
}

pub struct Line {
    stream: UnixStream,
    heard: Arc<Mutex<Heard>>,
    news: Receiver<()>,
    reader: Option<JoinHandle<()>>,
}

impl Line {
    /// With the log of the disk's writes, if one is kept.
    pub fn new(stream: UnixStream, log: Option<PathBuf>) -> std::io::Result<Line> {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let input = BufReader::new(stream.try_clone()?);
        let (told, news) = channel();
        let into = Arc::clone(&heard);
        let reader = spawn(move || {
            for line in input.split(b'\n').map_while(Result::ok) {
                let length = log.as_ref().and_then(|log| log.metadata().ok());
                let length = length.map_or(0, |log| log.len());
                let line = String::from_utf8_lossy(&line);
                lock(&into).take(line.trim_end(), length);
                if told.send(()).is_err() {
                    return;
                }
            }
        });
        Ok(Line {
            stream,
            heard,
            news,
            reader: Some(reader),
        })
    }

    pub fn heard(&self) -> Heard {
        lock(&self.heard).clone()
    }

    pub fn tell(&self, word: &str) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(&self.stream, "{word}")?)
    }

    /// `what` is for the words of whoever waited in vain.
    pub fn wait_until(
        &self,
        what: &str,
        within: Duration,
        is_so: impl Fn(&Heard) -> bool,
    ) -> Result<(), Box<dyn Error>> {
        let until = Instant::now() + within;
        loop {
            {
                let heard = lock(&self.heard);
                if is_so(&heard) {
                    return Ok(());
                }
                if let Some(failed) = heard.words.iter().find(|said| said.starts_with("failed")) {
                    return Err(format!("the machine says: {failed}").into());
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no {what} from the machine within {within:?}").into());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("the machine was gone before its {what}").into());
                }
            }
        }
    }

    /// Once the machine is gone: what it had sent is read to its end.
    pub fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
