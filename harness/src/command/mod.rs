//! What each command does.

pub mod compare;
pub mod config;
pub mod diagnose;
pub mod doctor;
pub mod env;
pub mod exec;
pub mod explain;
pub mod fault;
mod finish;
pub mod gate;
pub mod history;
pub mod lint;
pub mod manners;
pub mod mirror;
mod parallel;
pub mod recover;
pub mod report;
pub mod resume;
pub mod run;
pub mod runs;
pub mod suite;
mod triage;
