//! Everything of crashpoint that runs inside a worker.

pub mod cache;
pub mod input;
pub mod model;
