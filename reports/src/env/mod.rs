//! The environment of a shell, a process or a service, and how two of them differ.
//!
//! A capture is made to be shared: which values are in it is decided where it is made.

mod capture;
mod diff;
mod known;
mod remedy;
mod search_path;

pub use capture::{Capture, Kind, NOT_FOUND, SCHEMA, Section, Subject};
pub use diff::{Difference, EnvDiff, diff};
pub use known::Likelihood;
