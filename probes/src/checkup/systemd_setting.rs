//! A setting of systemd's, as its files say: systemd-system.conf(5), journald.conf(5).

use super::machine::Machine;

/// A folder further up overrides a file of the same name in one further down.
const FOLDERS: [&str; 4] = [
    "/etc/systemd",
    "/run/systemd",
    "/usr/local/lib/systemd",
    "/usr/lib/systemd",
];

/// `file` as in `journald.conf`. The last assignment counts, drop-ins after the file itself.
pub(super) fn read(machine: &Machine, file: &str, key: &str) -> Option<String> {
    let main = FOLDERS.iter().map(|folder| format!("{folder}/{file}"));
    let mut texts: Vec<String> = main.filter_map(|path| machine.text(path)).take(1).collect();
    let mut drop_ins: Vec<(String, String)> = Vec::new();
    for folder in FOLDERS {
        let folder = format!("{folder}/{file}.d");
        for name in machine.names(&folder).unwrap_or_default() {
            if name.ends_with(".conf") && drop_ins.iter().all(|(known, _)| *known != name) {
                let text = machine.text(format!("{folder}/{name}")).unwrap_or_default();
                drop_ins.push((name, text));
            }
        }
    }
    drop_ins.sort();
    texts.extend(drop_ins.into_iter().map(|(_, text)| text));
    let lines = texts.iter().flat_map(|text| text.lines());
    lines
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
        .next_back()
        // An empty one is the default again.
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;

    #[test]
    fn the_last_assignment_of_the_files_that_count_is_the_setting() {
        let other = Other::new(
            "setting",
            &[(
                "/usr/lib/systemd/journald.conf",
                "[Journal]\n#Storage=none\nStorage=volatile\n",
            )],
        );
        let storage = || read(&other.machine, "journald.conf", "Storage");
        assert_eq!(storage().as_deref(), Some("volatile"));
        other.put("/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\n");
        assert_eq!(storage(), None);
        other.put(
            "/usr/lib/systemd/journald.conf.d/50-a.conf",
            "[Journal]\nStorage = persistent\n",
        );
        assert_eq!(storage().as_deref(), Some("persistent"));
        other.put("/etc/systemd/journald.conf.d/50-a.conf", "");
        assert_eq!(storage(), None);
        other.put(
            "/etc/systemd/journald.conf.d/60-b.conf",
            "Storage=none\nStorage=\n",
        );
        assert_eq!(storage(), None);
    }
}
