//! The keeper: a tiny parent for one worker. Whatever the worker starts ends with it, and
//! everything ends when the supervisor does, however that one died.

mod arm;
mod brood;
mod message;
mod serve;

pub use message::{FromKeeper, ToKeeper};
pub use serve::main;
