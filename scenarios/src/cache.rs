//! The user's cache folder: what crashpoint makes once and reads again.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the user says the cache is.
pub const VARIABLE: &str = "CRASHPOINT_CACHE";

/// `$CRASHPOINT_CACHE`, else `$XDG_CACHE_HOME/crashpoint`, else `~/.cache/crashpoint`, else a
/// folder for temporary files: a service account may have no home.
pub fn folder() -> PathBuf {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set(VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("crashpoint")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/crashpoint")))
        .unwrap_or_else(|| env::temp_dir().join("crashpoint"))
}

/// The folder `name` in the cache, filled by `fill` on first use.
///
/// It appears whole or not at all: it is filled under another name and renamed, and whoever
/// comes second uses what the first one made.
pub fn folder_once(name: &str, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    let parent = folder();
    let wanted = parent.join(name);
    if wanted.is_dir() {
        return Ok(wanted);
    }
    let partial = parent.join(format!("{name}.{}.partial", std::process::id()));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)?;
    let made = fill(&partial).and_then(|()| match fs::rename(&partial, &wanted) {
        Err(_) if wanted.is_dir() => fs::remove_dir_all(&partial),
        other => other,
    });
    if made.is_err() {
        // The first error is the one to tell; a folder that cannot be removed is only litter.
        let _ = fs::remove_dir_all(&partial);
    }
    made.map(|()| wanted)
}
