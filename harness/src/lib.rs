//! The supervisor and the command line of crashpoint.

mod acknowledged;
mod again;
mod asked;
pub mod auto_resume;
mod between;
pub mod cli;
pub mod command;
pub mod config;
mod console;
mod executable;
pub mod exit_code;
mod failure;
mod github;
mod gpu_tells;
pub mod interrupt;
mod isolation;
pub mod journal;
mod junit_file;
pub mod keeper;
mod log_lines;
mod mirror;
mod plan;
mod preflight;
pub mod probe;
mod recover;
mod redact;
mod reports_at;
mod run_directory;
mod runs_on;
mod session;
pub mod suite;
pub mod supervise;
mod written;

pub use failure::Failure;
