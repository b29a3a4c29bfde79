//! The journal of a run: written by one thread, which alone owns the file.

mod writer;

pub use writer::{Journal, JournalError};
