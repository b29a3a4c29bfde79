//! Hands a program's output on to a reader who may be slow, or never read at all, without keeping
//! the watch waiting.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// More than this is not taken from the program, so that it waits for its reader as it would
/// without us.
const WAITING_BYTES: usize = 512 << 10;
/// The end of the output is waited for this long. Whoever has not read it by then, as with a pager,
/// gets it while we go on.
const LAST_WORDS: Duration = Duration::from_secs(2);

static LATE: Mutex<Vec<Receiver<()>>> = Mutex::new(Vec::new());

/// Waits for readers who had not taken everything: for whoever is about to write to them as well,
/// who would have to wait for them in any case.
pub fn settle() {
    let late = LATE.lock().map(|mut late| std::mem::take(&mut *late));
    for finished in late.unwrap_or_default() {
        let _ = finished.recv();
    }
}

pub struct Echo {
    /// `None` once the reader has left: the program goes on without it.
    pieces: Option<Sender<Vec<u8>>>,
    waiting: Arc<AtomicUsize>,
    finished: Receiver<()>,
}

impl Echo {
    pub fn to(mut stream: Box<dyn Write + Send>) -> io::Result<Echo> {
        let (pieces, inbox) = channel::<Vec<u8>>();
        let (done, finished) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        thread::Builder::new()
            .name("echo".to_owned())
            .spawn(move || {
                for piece in inbox {
                    if stream
                        .write_all(&piece)
                        .and_then(|()| stream.flush())
                        .is_err()
                    {
                        break;
                    }
                    left.fetch_sub(piece.len(), Ordering::Relaxed);
                }
                drop(done);
            })?;
        Ok(Echo {
            pieces: Some(pieces),
            waiting,
            finished,
        })
    }

    pub fn give(&mut self, piece: &[u8]) {
        if let Some(pieces) = &self.pieces {
            self.waiting.fetch_add(piece.len(), Ordering::Relaxed);
            if pieces.send(piece.to_vec()).is_err() {
                self.pieces = None;
            }
        }
    }

    pub fn is_clogged(&self) -> bool {
        self.pieces.is_some() && self.waiting.load(Ordering::Relaxed) >= WAITING_BYTES
    }

    /// Waits a bounded time until all is handed on.
    pub fn finish(mut self) {
        self.pieces = None;
        if self.finished.recv_timeout(LAST_WORDS) == Err(RecvTimeoutError::Timeout)
            && let Ok(mut late) = LATE.lock()
        {
            late.push(self.finished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];

    #[test]
    fn a_reader_that_does_not_read_keeps_nobody_and_loses_nothing() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut echo = Echo::to(Box::new(writer)).unwrap();
        let mut given = 0;
        while !echo.is_clogged() {
            echo.give(&PIECE);
            given += PIECE.len();
        }
        let read = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            all.len()
        });
        echo.finish();
        assert_eq!(read.join().unwrap(), given);
    }

    #[test]
    fn a_reader_that_has_left_is_not_waited_for() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut echo = Echo::to(Box::new(writer)).unwrap();
        while echo.pieces.is_some() {
            echo.give(&PIECE);
        }
        assert!(!echo.is_clogged());
        echo.finish();
    }
}
