//! Everything of crashpoint that runs inside a worker.

pub mod cache;
pub mod crash;
pub mod fault;
pub mod input;
pub mod job;
pub mod ladder;
pub mod model;
pub mod preflight;
pub mod worker;
