//! What is gathered about an ending, after it was recorded: each part within a bound of time and
//! size.

use std::path::{Path, PathBuf};

use crashpoint_probes::cgroup::Counters;
use crashpoint_probes::{OwnGroup, disk, kernel_log};
use crashpoint_reports::gathered::Gathered;

use super::{crash, notable};

/// Stands by from the attempt's beginning, so that only what belongs to the attempt is told.
#[derive(Debug)]
pub struct Gathering {
    folder: PathBuf,
    counters: Option<Counters>,
    kernel_log: kernel_log::Follower,
}

impl Gathering {
    /// Before the worker is started.
    pub fn begin(folder: &Path, group: Option<&OwnGroup>) -> Gathering {
        Gathering {
            folder: folder.to_owned(),
            counters: match group {
                Some(group) => Some(Counters::of(group)),
                None => Counters::of_this_process(),
            },
            kernel_log: kernel_log::Follower::begin(),
        }
    }

    pub fn end(self, attempt: u32) -> Gathered {
        let mut not_readable = Vec::new();
        let mut had = |why| not_readable.push(why);
        let kernel_log = self.kernel_log.end().map_err(&mut had).ok();
        let crash = crash::left_in(&self.folder)
            .map_err(&mut had)
            .ok()
            .flatten();
        let temporary = std::env::temp_dir();
        let (disks, silent) = disk::space(&[&self.folder, &temporary, Path::new("/dev/shm")]);
        Gathered {
            attempt,
            notable: notable::lines(&self.folder),
            kernel_log,
            cgroup: self.counters.map(|counters| counters.since()),
            disks,
            crash,
            not_readable: not_readable.into_iter().chain(silent).collect(),
        }
    }
}
