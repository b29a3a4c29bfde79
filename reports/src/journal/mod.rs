//! A journal as text: one record a line, each with a check of its own.
//!
//! Any tool that reads JSON lines can read it; the check is just one more member.

mod line;
mod reader;

pub use line::{LineError, decode, encode};
pub use reader::{Reader, bounds, previous, read_segment};

/// The version of the format that [`encode`] writes.
pub const FORMAT: u32 = 1;
