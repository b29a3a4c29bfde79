//! Where a GPU's core dump goes, and what is in it.

use std::collections::BTreeMap;
use std::path::Path;

use crashpoint_reports::triage::CORE_DUMP;

/// What makes a dump large and tells least is left out. The driver ends the program after it: one that
/// is let go on is told of another error than it had.
const DUMP: &str = "skip_nonrelocated_elf_images,skip_global_memory,skip_shared_memory,skip_local_memory,skip_constbank_memory";

/// Completes what the environment is to hold for a dump, if one is wanted; it goes into the attempt's
/// folder, which the program need not have for its own.
pub fn complete(variables: &mut BTreeMap<String, String>, folder: &Path) {
    if !variables.contains_key(CORE_DUMP) {
        return;
    }
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // The driver puts in the process's number.
    let file = folder.join("gpu-%p.core").to_string_lossy().into_owned();
    variables.insert("CUDA_COREDUMP_FILE".to_owned(), file);
    variables.insert("CUDA_COREDUMP_GENERATION_FLAGS".to_owned(), DUMP.to_owned());
}
