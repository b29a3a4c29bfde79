//! Everything of crashpoint that looks at a machine.
//!
//! What a machine does not have is `None`, never zero and never an error. Nothing here blocks its
//! caller on a device: NVML is called in a process of its own, and what is slow to read has a
//! thread of its own.

pub mod boot;
pub mod bounded;
pub mod cgroup;
pub mod checkup;
pub mod disk;
mod driver;
pub mod env;
pub mod environment;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod gpu;
pub mod host;
pub mod kernel_log;
pub mod last_boot;
mod mount;
mod pressure;
mod read;
pub mod temperature;
pub mod thread;
pub mod variables;
pub mod worker;

pub use cgroup::{Cgroup, OwnGroup};
pub use host::Host;
pub use temperature::Thermometer;
pub use thread::{Config, ProbeThread};
pub use worker::Worker;
