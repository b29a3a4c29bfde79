//! How a journal is written.

use std::time::Duration;

use clap::ValueEnum;

use super::error::JournalError;
use super::mirror::Address;

#[derive(Debug, Clone)]
pub struct Config {
    /// Samples are on the disk after at most this long.
    pub sample_durability: Duration,
    pub on_error: OnError,
    /// Where every record is sent too.
    pub mirror: Option<Address>,
    /// A segment that is longer is followed by another one.
    pub segment_bytes: u64,
    /// Told of every error, at once, by the journal's own thread.
    pub tell: fn(&JournalError),
}

impl Default for Config {
    fn default() -> Config {
        Config {
            sample_durability: Duration::from_secs(1),
            on_error: OnError::Stop,
            mirror: None,
            segment_bytes: 64 << 20,
            tell: |_| {},
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// End the run: a step that is not recorded is not taken
    Stop,
    /// Go on, in another segment or without a record
    Continue,
}
