//! Waits for a download as long as anything of it arrives, and no longer.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Runs `work` on a thread of its own, which is left behind if nothing in `folder` grows for
/// `patience`: a stalled connection cannot be told to stop. `None` then.
pub fn while_growing<T: Send + 'static>(
    folder: &Path,
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = channel();
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(work());
    });
    let mut before = size(folder);
    loop {
        match wait.recv_timeout(patience) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                let now = size(folder);
                if now == before {
                    return None;
                }
                before = now;
            }
        }
    }
}

/// Bytes of the files in a folder; links are not followed.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.flatten().filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        Some(if metadata.is_dir() {
            size(&entry.path())
        } else {
            metadata.len()
        })
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_still_is_given_up_and_what_is_done_is_handed_on() {
        let folder = tempfile::tempdir().unwrap();
        let (_never, wait) = channel::<()>();
        let stalled = while_growing(folder.path(), Duration::from_millis(20), move || {
            wait.recv()
        });
        assert!(stalled.is_none());
        let done = while_growing(folder.path(), Duration::from_secs(60), || 7);
        assert_eq!(done, Some(7));
    }
}
