//! The nodes of the GPU's devices, and whether a process may open them, by their permissions.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use crashpoint_reports::env::{NOT_FOUND, Section};

use super::root::Root;
use super::status::Status;

/// Without these two no GPU can be used, whichever there are.
const ALWAYS: [&str; 2] = ["nvidiactl", "nvidia-uvm"];

pub(super) fn of(root: &Root, status: &Status) -> Section {
    let names = root.names(Path::new("/dev")).unwrap_or_default();
    let gpus: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|it| is_gpu(it))
        .collect();
    let mut section = Section::new();
    let list = match gpus.is_empty() {
        true => NOT_FOUND.to_owned(),
        false => gpus.join(", "),
    };
    section.insert("nvidia GPUs".to_owned(), list);
    for name in ALWAYS.into_iter().chain(gpus) {
        let node = root.path(&Path::new("/dev").join(name));
        let told = node
            .and_then(|node| node.metadata().ok())
            .map_or_else(|| NOT_FOUND.to_owned(), |node| told(&node, status));
        section.insert(name.to_owned(), told);
    }
    section
}

fn is_gpu(name: &str) -> bool {
    let number = name.strip_prefix("nvidia");
    number.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
}

fn told(node: &Metadata, status: &Status) -> String {
    if !node.file_type().is_char_device() {
        return "no device".to_owned();
    }
    let may = match status.uid {
        Some(uid) if may_open(node.mode(), (node.uid(), node.gid()), uid, status) => "open to it",
        Some(_) => "closed to it",
        None => "open to whom it may concern",
    };
    format!("{may} (mode {:o})", node.mode() & 0o777)
}

/// To read and write.
fn may_open(mode: u32, owner: (u32, u32), uid: u32, status: &Status) -> bool {
    let bits = if uid == owner.0 {
        mode >> 6
    } else if status.gid == Some(owner.1) || status.groups.contains(&owner.1) {
        mode >> 3
    } else {
        mode
    };
    uid == 0 || bits & 0o6 == 0o6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_opens_what_others_may_not() {
        let status = Status {
            uid: Some(1000),
            gid: Some(1000),
            groups: vec![44],
            ..Status::default()
        };
        assert!(may_open(0o660, (0, 44), 1000, &status));
        assert!(!may_open(0o660, (0, 27), 1000, &status));
        assert!(may_open(0o666, (0, 0), 1000, &status));
        assert!(!may_open(0o066, (1000, 0), 1000, &status));
        assert!(may_open(0o600, (7, 7), 0, &status));
    }

    #[test]
    fn a_machine_without_a_gpu_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let section = of(&Root::at(folder.path()), &Status::default());
        assert_eq!(section["nvidia GPUs"], NOT_FOUND);
        assert_eq!(section["nvidia-uvm"], NOT_FOUND);
        assert!(is_gpu("nvidia0") && !is_gpu("nvidia-uvm") && !is_gpu("nvidia"));
    }
}
