//! The journal: what happened, durably, before anything else is done about it.

mod batch;
mod config;
mod error;
mod handle;
mod header;
mod lock;
mod mirror;
mod owner;
mod reserve;
mod segment;
mod segments;

pub use config::{Config, OnError};
pub use error::JournalError;
pub use handle::Journal;
pub use header::header;
pub use lock::is_locked;
pub use mirror::{Address, Message};
pub use segments::{read, read_on, segments};
