//! What tells whether somebody still writes a run's journal.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use crashpoint_probes::boot;
use crashpoint_reports::recovery::{Hints, Lock};
use nix::sys::statfs::fstatfs;

/// Filesystems that other machines, or a virtual machine's host, may write to as well (statfs(2)).
const SHARED: [i128; 10] = [
    0x6969,      // NFS
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB2
    0x0102_1997, // 9p
    0x6573_5546, // FUSE, virtiofs among it
    0x00c3_6400, // Ceph
    0x0bd0_0bd0, // Lustre
    0x4750_4653, // GPFS
    0x0116_1970, // GFS2
    0x7461_636f, // OCFS2
];

/// Whether the journal is locked was asked before it was read.
pub fn hints(directory: &Path, locked: bool, pid: i32) -> Hints {
    let shared = is_shared(directory);
    Hints {
        lock: match (locked, shared) {
            (true, _) => Lock::Held,
            (false, false) => Lock::Free,
            // A server without locks lets everybody have one.
            (false, true) => Lock::Unknown,
        },
        shared,
        pid_namespace: boot::pid_namespace().unwrap_or_default(),
        start_ticks: boot::process_start_ticks(pid),
    }
}

fn is_shared(directory: &Path) -> bool {
    let kind = File::open(directory)
        .ok()
        .and_then(|folder| fstatfs(folder.as_fd()).ok());
    kind.is_some_and(|it| SHARED.contains(&i128::from(it.filesystem_type().0)))
}
