//! Ctrl-C and the CI system's cancel: first a request to finish the record, then an order.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How urgently the run was asked to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: AtomicU32,
    signal: AtomicI32,
    /// Readable for ever once the first request has come, and never read.
    bell: UnixStream,
}

impl Interrupt {
    /// Takes the signals over for the whole process.
    pub fn listen() -> io::Result<Interrupt> {
        let (bell, mut ringer) = UnixStream::pair()?;
        ringer.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            requests: AtomicU32::new(0),
            signal: AtomicI32::new(0),
            bell,
        });
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let heard = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    // The first one names the exit code.
                    let _ = heard.signal.compare_exchange(
                        0,
                        signal,
                        Ordering::SeqCst,
                        Ordering::SeqCst,
                    );
                    heard.requests.fetch_add(1, Ordering::SeqCst);
                    let _ = ringer.write(&[1]);
                }
            })?;
        Ok(Interrupt { shared })
    }

    /// The signal that asked first, if one did.
    pub fn signal(&self) -> Option<i32> {
        Some(self.shared.signal.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
    }

    /// Somebody asked a second time: no more grace.
    pub fn insists(&self) -> bool {
        self.shared.requests.load(Ordering::SeqCst) > 1
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.bell.as_fd()
    }
}
