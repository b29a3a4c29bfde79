//! Whether a watchdog's timer says that it reset the machine: `/sys/class/watchdog/*/bootstatus`
//! (Documentation/ABI/testing/sysfs-class-watchdog).

use std::fs;

use crashpoint_reports::recovery::{Found, SourceRead, Watchdog};

use super::root::{Root, unread};

const SOURCE: &str = "watchdog";
const FOLDER: &str = "sys/class/watchdog";

pub fn look(root: &Root, found: &mut Found) {
    let folder = root.at(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => {
            found.sources.push(unread(SOURCE, &folder, &error));
            return;
        }
    };
    let mut said = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = |file: &str| fs::read_to_string(entry.path().join(file));
        let identity =
            file("identity").map_or_else(|_| "unnamed".to_owned(), |it| it.trim().to_owned());
        match file("bootstatus").map(|text| text.trim().parse::<u32>()) {
            Ok(Ok(boot_status)) => {
                said.push(format!("{name} ({identity}): {boot_status:#x}"));
                found.watchdogs.push(Watchdog {
                    name,
                    identity,
                    boot_status,
                });
            }
            Ok(Err(_)) => {}
            Err(error) => {
                found
                    .sources
                    .push(unread(SOURCE, &entry.path().join("bootstatus"), &error))
            }
        }
    }
    found.sources.push(if said.is_empty() {
        SourceRead::absent(SOURCE, "no watchdog tells its boot status")
            .remedy("load the board's driver (such as iTCO_wdt or sp5100_tco), in a kernel with CONFIG_WATCHDOG_SYSFS")
    } else {
        SourceRead::read(SOURCE, said.join(", "))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::recovery::SourceState;

    #[test]
    fn the_status_is_decimal_and_each_watchdog_has_its_own() {
        let root = tempfile::tempdir().unwrap();
        let dog = root.path().join(FOLDER).join("watchdog0");
        fs::create_dir_all(&dog).unwrap();
        fs::write(dog.join("bootstatus"), "32\n").unwrap();
        fs::write(dog.join("identity"), "iTCO_wdt\n").unwrap();
        fs::create_dir_all(root.path().join(FOLDER).join("watchdog1")).unwrap();
        let mut found = Found::default();
        look(&Root::at_folder(root.path()), &mut found);
        assert_eq!(found.watchdogs.len(), 1);
        assert_eq!(found.watchdogs[0].boot_status, 0x20);
        assert_eq!(found.watchdogs[0].identity, "iTCO_wdt");
        assert!(found.sources.iter().any(|it| it.state == SourceState::Read));
    }
}
