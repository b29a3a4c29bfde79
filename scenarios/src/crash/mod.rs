//! What a worker leaves behind when a fatal signal ends it: who, where and how, and a minidump.
//!
//! At the signal the worker starts itself again as `minidump`, a process whose memory is whole,
//! waits for it within a bound, and lets the signal do its work.

mod child;
pub mod dump;
mod handler;
mod last_words;

use std::ffi::OsStr;
use std::path::Path;

pub use child::HELPER_VARIABLE;
use child::Prepared;

/// Names the folder that a worker may write what it leaves into.
pub const FOLDER_VARIABLE: &str = "CRASHPOINT_FOLDER";
/// What the helper leaves in that folder, in the form of `crashpoint_reports::gathered::Crash`.
pub const CRASH_FILE: &str = "crash.json";
pub const MINIDUMP_FILE: &str = "minidump.dmp";

/// From here on a fatal signal is reported, if there is a folder to report it into.
pub fn install() -> Result<(), String> {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => install_into(&folder),
        None => Ok(()),
    }
}

fn install_into(folder: &OsStr) -> Result<(), String> {
    let prepared = Prepared::new(Path::new(folder)).map_err(|error| error.to_string())?;
    handler::attach(prepared)
}

/// Written under this name first, so that the file is whole or not there.
fn partial(name: &str) -> String {
    format!(".{name}.partial")
}
