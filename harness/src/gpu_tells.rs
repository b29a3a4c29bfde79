//! Makes a GPU tell more about a fault: which launch it was, and where each thread of it stood.

use std::collections::BTreeMap;
use std::path::Path;

/// Leaves out what makes a dump large and tells least. The last one lets the program report the
/// error in its own words instead of being ended by the driver.
const DUMP: &str = "skip_nonrelocated_elf_images,skip_global_memory,skip_shared_memory,skip_local_memory,skip_constbank_memory,skip_abort";

/// What NVIDIA's driver reads from the environment; a dump goes into the attempt's folder, which
/// the program need not have for its own.
pub fn variables(folder: &Path) -> BTreeMap<String, String> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // The driver puts in the process's number.
    let file = folder.join("gpu-%p.core");
    [
        ("CUDA_LAUNCH_BLOCKING", "1"),
        ("CUDA_ENABLE_COREDUMP_ON_EXCEPTION", "1"),
        ("CUDA_COREDUMP_FILE", &file.to_string_lossy()),
        ("CUDA_COREDUMP_GENERATION_FLAGS", DUMP),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
