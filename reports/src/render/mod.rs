//! A report for people and for programs.
//!
//! Whatever a dying program printed, or a file is called, may stand in a report: every renderer makes
//! such text harmless before it shows it.

mod escape;
mod json;
mod markdown;
mod rung;
mod terminal;

pub use json::json;
pub use markdown::markdown;
pub use terminal::terminal;
