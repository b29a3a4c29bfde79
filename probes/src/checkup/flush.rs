//! What a durable append costs here, measured: so many times `write` and `fdatasync`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;

pub(super) const ABOUT: About = About {
    topic: Topic::Record,
    name: "flush",
    matters: "each phase waits for one; one that takes no time at all has not reached a disk",
};

const APPENDS: usize = 20;
/// About a marker's line.
const BYTES: usize = 256;
/// The fastest disks with a cache that outlives a power cut take some 10 us for the write alone, and
/// a journaling filesystem writes twice.
const SUSPICIOUS: Duration = Duration::from_micros(20);
/// Before every phase of every image.
const SLOW: Duration = Duration::from_millis(50);

pub(super) fn check(folder: &Path) -> Check {
    match measure(folder) {
        Ok(median) => judge(folder, median),
        Err(error) => ABOUT.bad(
            format!(
                "failed to write and flush a file in {}: {error}",
                folder.display()
            ),
            &["# choose another place with --out, or make this one writable"],
        ),
    }
}

fn judge(folder: &Path, median: Duration) -> Check {
    let seen = format!(
        "an append with fdatasync in {} takes {} us (median of {APPENDS})",
        folder.display(),
        median.as_micros()
    );
    if median < SUSPICIOUS {
        return ABOUT.doubtful(
            format!("{seen}: too fast to have reached a disk"),
            &["# a filesystem in memory, eatmydata (LD_PRELOAD), or a host that drops flushes (QEMU cache=unsafe); a cache with a battery can be this fast too"],
        );
    }
    if median > SLOW {
        return ABOUT.doubtful(
            format!("{seen}: every phase of a run waits so long"),
            &["# choose a faster disk with --out"],
        );
    }
    ABOUT.good(seen)
}

/// A file of our own, gone when dropped. It keeps its name while it is written: filesystems spare
/// themselves the work of making a nameless one durable.
struct Trial {
    path: PathBuf,
    file: File,
}

impl Trial {
    fn create(folder: &Path) -> io::Result<Trial> {
        let path = folder.join(format!(".crashpoint-doctor-{}", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Trial { path, file })
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn measure(folder: &Path) -> io::Result<Duration> {
    let mut trial = Trial::create(folder)?;
    // The first one allocates and makes the name durable.
    trial.file.write_all(&[b'.'; BYTES])?;
    trial.file.sync_all()?;
    let mut times = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let began = Instant::now();
        trial.file.write_all(&[b'.'; BYTES])?;
        trial.file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times.get(APPENDS / 2).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn too_fast_is_as_doubtful_as_too_slow() {
        let state = |us| judge(Path::new("/runs"), Duration::from_micros(us)).state;
        assert_eq!(state(3), State::Doubtful);
        assert_eq!(state(240), State::Good);
        assert_eq!(state(80_000), State::Doubtful);
    }

    #[test]
    fn a_place_that_takes_no_file_is_bad_and_one_that_does_is_left_clean() {
        assert_eq!(check(Path::new("/proc")).state, State::Bad);
        let folder = std::env::temp_dir().join(format!("crashpoint-flush-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        assert_ne!(check(&folder).state, State::Bad);
        // Fails unless it is empty.
        std::fs::remove_dir(&folder).unwrap();
    }
}
