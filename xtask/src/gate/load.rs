//! Other programs on the same machine, as a shared CI runner has them: each takes a processor for a
//! while, and leaves it for a while, by chance.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long one works, and rests, at most.
const MOST_MS: u64 = 4000;
const ONE_SLEEP: Duration = Duration::from_millis(20);

pub struct Load {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Half as many as there are processors.
    pub fn begin() -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let n = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        let threads = (0..n)
            .map(|_| {
                let over = Arc::clone(&over);
                std::thread::spawn(move || work(&over))
            })
            .collect();
        Load { over, threads }
    }
}

fn work(over: &AtomicBool) {
    let mut dice = fastrand::Rng::new();
    while !over.load(Ordering::Relaxed) {
        let busy = Instant::now() + Duration::from_millis(dice.u64(..MOST_MS));
        while Instant::now() < busy && !over.load(Ordering::Relaxed) {
            spin_loop();
        }
        let idle = Instant::now() + Duration::from_millis(dice.u64(..MOST_MS));
        while Instant::now() < idle && !over.load(Ordering::Relaxed) {
            std::thread::sleep(ONE_SLEEP);
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
