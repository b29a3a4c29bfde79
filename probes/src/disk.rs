//! Room on the filesystems that a program writes to. A dead network mount may not answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crashpoint_reports::gathered::{DiskSpace, NotReadable};
use nix::sys::statvfs::statvfs;

use crate::{bounded, mount};

const ANSWERS: Duration = Duration::from_secs(1);

/// Of each of these places that exists.
pub fn space(places: &[&Path]) -> (Vec<DiskSpace>, Vec<NotReadable>) {
    let mut disks = Vec::new();
    let mut silent = Vec::new();
    for place in places {
        let path: PathBuf = place.to_path_buf();
        match bounded::in_time(ANSWERS, move || of(&path)) {
            Some(Some(disk)) => disks.push(disk),
            Some(None) => {}
            None => silent.push(NotReadable {
                what: format!("room on {}", place.display()),
                because: format!("no answer within {} s", ANSWERS.as_secs()),
                remedy: "look whether its server or device still answers".to_owned(),
            }),
        }
    }
    (disks, silent)
}

/// Of one place. May wait for its server or device.
pub(crate) fn of(path: &Path) -> Option<DiskSpace> {
    let path = path.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let room = statvfs(&path).ok()?;
    let unit = room.fragment_size();
    Some(DiskSpace {
        filesystem: mount::nearest(&mounts, &path).map(|mount| mount.fs_type),
        path: path.display().to_string(),
        total_bytes: room.blocks().saturating_mul(unit),
        free_bytes: room.blocks_available().saturating_mul(unit),
        // Some filesystems make them as they are needed, and say 0 of 0.
        free_inodes: (room.files() > 0).then(|| room.files_available()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_exists_has_room_and_a_filesystem() {
        let (disks, silent) = space(&[&std::env::temp_dir(), Path::new("/no/such/place")]);
        assert_eq!((disks.len(), silent.len()), (1, 0));
        assert!(disks[0].total_bytes >= disks[0].free_bytes);
        assert!(disks[0].total_bytes > 0);
        assert!(disks[0].filesystem.is_some());
    }
}
