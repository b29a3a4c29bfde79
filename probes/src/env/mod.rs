//! Takes down the environment of this process, of another one or of a unit, in a form that is safe to
//! share: values by allowlist, homes as `~`, no arguments.
//!
//! Nothing is executed. Other processes are read from `/proc`, and their files below their own root.

mod devices;
mod home;
mod identity;
mod interpreter;
mod ld_cache;
mod limits;
mod loader;
mod local;
mod mounts;
mod namespaces;
mod packages;
mod process;
mod programs;
mod root;
mod status;
mod unit;
mod unit_file;
mod variables;

pub use process::{of_process, of_this};
pub use unit::{PROPERTIES, Shown, of_stopped};

pub(crate) use local::{libraries, limits, model_cache, python_packages};
