//! Two threads that each hold the lock that the other one wants.

use std::sync::{Arc, Barrier, Mutex};

use super::FaultError;

pub fn commit() -> Result<(), FaultError> {
    let cache = Arc::new(Mutex::new(()));
    let queue = Arc::new(Mutex::new(()));
    let both_hold_one = Arc::new(Barrier::new(2));
    let (cache_there, queue_there, there) = (
        Arc::clone(&cache),
        Arc::clone(&queue),
        Arc::clone(&both_hold_one),
    );
    let loader = std::thread::Builder::new()
        .name("loader".to_owned())
        .spawn(move || in_order(&queue_there, &cache_there, &there))
        .map_err(|error| FaultError::Failed(format!("failed to start a thread: {error}")))?;
    in_order(&cache, &queue, &both_hold_one);
    let _ = loader.join();
    Ok(())
}

fn in_order(first: &Mutex<()>, second: &Mutex<()>, both_hold_one: &Barrier) {
    let held = first.lock();
    both_hold_one.wait();
    let never = second.lock();
    drop((held, never));
}
