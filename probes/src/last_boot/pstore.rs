//! What the kernel put into a store that outlives a reset (`Documentation/admin-guide/abi-testing`,
//! sysfs pstore), and what systemd-pstore moved away from there on booting.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crashpoint_reports::recovery::{Dump, Found, SourceRead};

use super::dump_file;
use super::root::{Root, unread};
use crate::boot;

const SOURCE: &str = "pstore";
const STORE: &str = "sys/fs/pstore";
const ARCHIVE: &str = "var/lib/systemd/pstore";
const BACKEND: &str = "sys/module/pstore/parameters/backend";
const MOST_FILES: usize = 128;
/// systemd sorts what it moves into a folder for each crash, and one in it for each record.
const DEPTH: u32 = 3;

pub fn look(root: &Root, found: &mut Found) {
    let store = root.at(STORE);
    match files(&store, DEPTH) {
        Ok(files) if files.is_empty() && has_no_back_end(root) => found.sources.push(
            SourceRead::absent(SOURCE, format!("{}: no back end is loaded, so that a panic leaves nothing", store.display()))
                .remedy("sudo modprobe efi_pstore; or ramoops with memory set aside for it (Documentation/admin-guide/ramoops.rst)"),
        ),
        Ok(files) => {
            let began_us = root
                .is_the_machine()
                .then(boot::boot_time_s)
                .flatten()
                .map_or(u64::MAX, |s| s.saturating_mul(1_000_000));
            let time = |path: &Path| {
                // A record without a time of its own has that of this boot's mount.
                let modified = dump_file::modified_us(path).filter(|&at| at <= began_us);
                time_in_name(path).or(modified)
            };
            take(&store, files, time, found);
        }
        Err(error) => found.sources.push(
            match unread(SOURCE, &store, &error) {
                source if error.kind() == io::ErrorKind::NotFound => {
                    source.remedy("sudo mount -t pstore pstore /sys/fs/pstore")
                }
                source => source,
            },
        ),
    }
    let archive = root.at(ARCHIVE);
    match files(&archive, DEPTH) {
        // When it was moved is not when it was written.
        Ok(files) => take(&archive, files, time_in_name, found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => found.sources.push(unread(SOURCE, &archive, &error)),
    }
}

fn take(
    folder: &Path,
    files: Vec<PathBuf>,
    time: impl Fn(&Path) -> Option<u64>,
    found: &mut Found,
) {
    let (mut read, mut refused) = (0, None);
    for path in files {
        match dump_file::lines(&path) {
            Ok(lines) => {
                read += 1;
                found.dumps.push(Dump {
                    wall_us: time(&path),
                    path: path.display().to_string(),
                    lines,
                    of_memory: false,
                });
            }
            Err(error) => refused = Some((path, error)),
        }
    }
    if let Some((path, error)) = refused {
        found.sources.push(unread(SOURCE, &path, &error));
    }
    let said = match read {
        0 => "empty".to_owned(),
        n => format!("{n} files of a dying kernel"),
    };
    found.sources.push(SourceRead::read(
        SOURCE,
        format!("{}: {said}", folder.display()),
    ));
}

fn has_no_back_end(root: &Root) -> bool {
    fs::read_to_string(root.at(BACKEND)).is_ok_and(|text| text.trim() == "(null)")
}

/// Those that hold a kernel's log, in the order of their names.
fn files(folder: &Path, depth: u32) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        let kind = entry.file_type();
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            if depth > 1 {
                found.extend(files(&path, depth - 1).unwrap_or_default());
            }
        } else if kind.is_ok_and(|kind| kind.is_file()) && is_log(&path) {
            found.push(path);
        }
    }
    found.sort();
    found.truncate(MOST_FILES);
    Ok(found)
}

/// `dmesg-efi_pstore-171...`, `dmesg-erst-...`, `dmesg-ramoops-0`, `console-ramoops-0`, and systemd's
/// `dmesg.txt`. What ends in `.enc.z` could not be unpacked by the kernel, and not by us.
fn is_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let begins = ["dmesg-", "dmesg.", "console-"]
        .iter()
        .any(|it| name.starts_with(it));
    begins && !name.ends_with(".enc.z")
}

/// EFI's records are numbered by their time: seconds, two digits for the part, three for the count
/// (drivers/firmware/efi/efi-pstore.c, `generic_id`).
fn time_in_name(path: &Path) -> Option<u64> {
    const PARTS_AND_COUNTS: u64 = 100 * 1000;
    let name = path.file_name()?.to_str()?;
    let number = name
        .strip_prefix("dmesg-efi_pstore-")
        .or_else(|| name.strip_prefix("dmesg-efi-"))?;
    let number: u64 = number.parse().ok()?;
    (number / PARTS_AND_COUNTS).checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::recovery::SourceState;

    const PANIC: &str = "Panic#1 Part1\n<6>[  101.000001] usb 1-1: new device\n<0>[  123.456789] Kernel panic - not syncing: sysrq triggered crash\n<4>[  123.456801] CPU: 0 PID: 1 Comm: sh\n";

    fn looked(write: impl FnOnce(&Path)) -> Found {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let mut found = Found::default();
        look(&Root::at_folder(folder.path()), &mut found);
        found
    }

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_dump_has_its_lines_and_the_time_that_its_name_or_the_store_tells() {
        let found = looked(|root| {
            put(
                root,
                "sys/fs/pstore/dmesg-efi_pstore-179544253201001",
                PANIC,
            );
            put(root, "sys/fs/pstore/dmesg-erst-7711234567890123456", PANIC);
            put(root, "sys/fs/pstore/pmsg-ramoops-0", "not a kernel log");
            put(root, "sys/fs/pstore/dmesg-erst-1.enc.z", "x");
        });
        assert_eq!(found.dumps.len(), 2);
        assert_eq!(found.dumps[0].wall_us, Some(1_795_442_532_000_000));
        assert!(found.dumps[1].wall_us.is_some());
        assert_eq!(found.dumps[1].lines.len(), 4);
        assert!(found.dumps[1].lines[2].contains("not syncing: sysrq"));
        assert_eq!(found.sources[0].state, SourceState::Read);
    }

    #[test]
    fn what_systemd_moved_away_is_found_and_the_time_of_the_move_is_no_time() {
        let found = looked(|root| {
            fs::create_dir_all(root.join("sys/fs/pstore")).unwrap();
            put(
                root,
                "var/lib/systemd/pstore/1795442532/001/dmesg-efi_pstore-179544253201001",
                PANIC,
            );
            put(root, "var/lib/systemd/pstore/77112345/dmesg.txt", PANIC);
        });
        assert_eq!(found.dumps.len(), 2);
        assert_eq!(found.dumps[0].wall_us, Some(1_795_442_532_000_000));
        assert_eq!(found.dumps[1].wall_us, None);
    }

    #[test]
    fn no_store_and_no_back_end_are_told_with_the_remedy() {
        let none = looked(|_| ());
        assert_eq!(none.sources[0].state, SourceState::Absent);
        let idle = looked(|root| {
            fs::create_dir_all(root.join("sys/fs/pstore")).unwrap();
            put(root, BACKEND, "(null)\n");
        });
        assert_eq!(idle.sources[0].state, SourceState::Absent);
        assert!(
            idle.sources[0]
                .remedy
                .as_ref()
                .unwrap()
                .contains("efi_pstore")
        );
        assert!(idle.dumps.is_empty());
    }
}
