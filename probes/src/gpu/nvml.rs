//! Where NVML comes from, and why there is none.

use std::ffi::OsStr;
use std::path::PathBuf;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

/// Names the library to load, where it is not where a driver installs it.
const LIBRARY: &str = "CRASHPOINT_NVML";

/// As every current driver installs it.
const NAME: &str = "libnvidia-ml.so.1";
/// Where it may lie besides.
const OTHER_NAMES: [&str; 2] = ["libnvidia-ml.so", "/usr/lib/wsl/lib/libnvidia-ml.so.1"];

/// Why there is no GPU to ask.
#[derive(Debug, thiserror::Error)]
pub(super) enum Absent {
    #[error("failed to load NVML, the NVIDIA driver's library: {0}")]
    Library(String),
    #[error("failed to load {} in place of NVML, as {LIBRARY} says: {because}", path.display())]
    Named { path: PathBuf, because: String },
    #[error(
        "the NVIDIA driver's library and its kernel module are of different versions, as after an update without a restart: restart the machine, or unload and load the modules"
    )]
    Mismatch,
    #[error("failed to start NVML: {0}")]
    Start(NvmlError),
    #[error("failed to count the GPUs with NVML: {0}")]
    Count(NvmlError),
    #[error("NVML finds no GPU")]
    NoGpu,
}

#[cfg(test)]
impl Absent {
    pub(super) fn for_test(because: &str) -> Absent {
        Absent::Library(because.to_owned())
    }
}

pub(super) fn start() -> Result<Nvml, Absent> {
    if let Some(path) = std::env::var_os(LIBRARY).filter(|path| !path.is_empty()) {
        let loaded = load(&path)?;
        return loaded.map_err(|because| Absent::Named {
            path: path.into(),
            because,
        });
    }
    let missing = match load(OsStr::new(NAME))? {
        Ok(nvml) => return Ok(nvml),
        Err(because) => because,
    };
    for name in OTHER_NAMES {
        if let Ok(nvml) = load(OsStr::new(name))? {
            return Ok(nvml);
        }
    }
    Err(Absent::Library(missing))
}

/// The inner error says why there is no such library.
fn load(name: &OsStr) -> Result<Result<Nvml, String>, Absent> {
    match Nvml::builder().lib_path(name).init() {
        Ok(nvml) => Ok(Ok(nvml)),
        Err(NvmlError::LibloadingError(error)) => Ok(Err(error.to_string())),
        Err(NvmlError::LibRmVersionMismatch) => Err(Absent::Mismatch),
        Err(error) => Err(Absent::Start(error)),
    }
}
