//! Where this very executable is, for starting it again as keeper, worker or probe.

use std::io;
use std::path::PathBuf;

/// The path stays usable when a new build replaces the file while a long run goes on.
pub fn this_executable() -> io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    if path.exists() {
        Ok(path)
    } else {
        Ok(PathBuf::from("/proc/self/exe"))
    }
}
