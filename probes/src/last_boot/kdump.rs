//! Dumps of memory that a crash kernel wrote: `/var/crash/STAMP/` with `vmcore`, `dump.STAMP`,
//! `vmcore-dmesg.txt` or `dmesg.STAMP` (kexec-tools, kdump-tools).

use std::fs;
use std::path::Path;

use crashpoint_reports::recovery::{Dump, Found, SourceRead};

use super::dump_file;
use super::root::{Root, unread};

const SOURCE: &str = "kdump";
const FOLDER: &str = "var/crash";
/// There in a crash kernel only: the memory of the one that panicked.
const OF_THIS_KERNEL: &str = "proc/vmcore";
const MOST: usize = 64;

pub fn look(root: &Root, found: &mut Found) {
    let own = root.at(OF_THIS_KERNEL);
    if own.exists() {
        found.dumps.push(Dump {
            path: own.display().to_string(),
            // It panicked, and this kernel took over at once.
            wall_us: crate::boot::boot_time_s().map(|s| s.saturating_mul(1_000_000)),
            lines: Vec::new(),
            of_memory: true,
        });
    }
    let folder = root.at(FOLDER);
    let entries =
        match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.sources.push(unread(SOURCE, &folder, &error).remedy(
                    "install kdump-tools (kexec-tools) and reserve memory with crashkernel=",
                ));
                return;
            }
        };
    let dumps: Vec<Dump> = entries
        .flatten()
        .filter_map(|entry| of_folder(&entry.path()))
        .take(MOST)
        .collect();
    found.sources.push(SourceRead::read(
        SOURCE,
        format!("{}: {} dumps", folder.display(), dumps.len()),
    ));
    found.dumps.extend(dumps);
}

/// Reports of programs that crashed lie in the same place, as files.
fn of_folder(folder: &Path) -> Option<Dump> {
    let (mut core, mut log) = (None, None);
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("vmcore-dmesg") || name.starts_with("dmesg.") {
            log = Some(entry.path());
        } else if name.starts_with("vmcore") || name.starts_with("dump.") {
            core = Some(entry.path());
        }
    }
    let shown = log.as_ref().or(core.as_ref())?;
    Some(Dump {
        path: shown.display().to_string(),
        wall_us: dump_file::modified_us(shown),
        lines: log
            .as_ref()
            .and_then(|log| dump_file::lines(log).ok())
            .unwrap_or_default(),
        of_memory: core.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_both_tools_are_known_and_programs_reports_are_not() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join("var/crash").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(
            "202611231402/dmesg.202611231402",
            "[    9.000001] Kernel panic - not syncing: x\n",
        );
        put("202611231402/dump.202611231402", "core");
        put("127.0.0.1-2026-11-23-14:02:11/vmcore", "core");
        put("_usr_bin_app.1000.crash", "ProblemType: Crash\n");
        let mut found = Found::default();
        look(&Root::at_folder(root.path()), &mut found);
        found.dumps.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(found.dumps.len(), 2);
        assert!(found.dumps[0].of_memory && found.dumps[0].lines.is_empty());
        assert!(found.dumps[1].of_memory);
        assert_eq!(found.dumps[1].lines.len(), 1);
        assert!(found.dumps[1].wall_us.is_some());
    }
}
