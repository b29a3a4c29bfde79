//! A process that sleeps in one system call and never comes back by itself.

pub fn commit() {
    loop {
        // May return without reason, hence the loop.
        std::thread::park();
    }
}
