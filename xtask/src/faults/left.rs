//! What a crash could leave behind on a machine, by name: looked at before and after.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How deep a control group of ours can lie.
const DEPTH: u32 = 6;

#[derive(Debug, Default)]
pub struct Traces(BTreeSet<String>);

impl Traces {
    pub fn of_this_machine() -> Traces {
        let mut found = BTreeSet::new();
        for process in names("/proc") {
            let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            if command.contains("crashpoint") && !command.contains("xtask") {
                found.insert(format!("process {process} ({})", command.trim()));
            }
        }
        for folder in ["/dev/shm", "/tmp", "/dev/mqueue"] {
            let entries = names(folder).into_iter();
            found.extend(entries.map(|name| format!("{folder}/{name}")));
        }
        let sockets = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        let named = sockets
            .lines()
            .filter_map(|line| line.split_whitespace().nth(7));
        found.extend(named.map(|path| format!("socket {path}")));
        groups(Path::new("/sys/fs/cgroup"), DEPTH, &mut found);
        Traces(found)
    }

    /// What is there now and was not before.
    pub fn beyond(self, before: &Traces) -> Vec<String> {
        self.0.difference(&before.0).cloned().collect()
    }
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

fn groups(folder: &Path, depth: u32, found: &mut BTreeSet<String>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        found.insert(format!("control group {}", entry.path().display()));
        if depth > 0 {
            groups(&entry.path(), depth - 1, found);
        }
    }
}
