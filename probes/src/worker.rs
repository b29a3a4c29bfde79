//! One process: its memory, threads, open files and processor time.
//!
//! The files are opened relative to one handle on the process's directory. The kernel ties such a
//! handle to the process, not to the number, so a later process with the same pid can't be read by it.

use std::os::fd::{AsRawFd, OwnedFd};

use crashpoint_reports::WorkerSample;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{SysconfVar, sysconf};

use crate::read::{Reader, kilobytes};

#[derive(Debug)]
pub struct Worker {
    pid: i32,
    start_ticks: u64,
    directory: OwnedFd,
    stat: Reader,
    units: Units,
}

#[derive(Debug, Clone, Copy)]
struct Units {
    page_bytes: u64,
    ticks_per_second: u64,
}

impl Worker {
    /// `None` if there is no such process, or if it is dead and waits to be reaped.
    pub fn open(pid: i32) -> Option<Worker> {
        let path = format!("/proc/{pid}");
        let directory = open(
            path.as_str(),
            OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )
        .ok()?;
        let mut stat = Reader::from(open_in(&directory, "stat")?);
        let first = Stat::parse(stat.bytes()?)?;
        let units = Units {
            page_bytes: u64::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?,
            ticks_per_second: u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??)
                .ok()?
                .max(1),
        };
        (!first.is_gone()).then_some(Worker {
            pid,
            start_ticks: first.start_ticks,
            directory,
            stat,
            units,
        })
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// In clock ticks since boot: with the pid, this names one process.
    pub fn start_ticks(&self) -> u64 {
        self.start_ticks
    }

    /// `None` once the process is gone. Without `pss_bytes`, which is slow.
    pub fn sample(&mut self) -> Option<WorkerSample> {
        let stat = Stat::parse(self.stat.bytes()?)?;
        if stat.is_gone() || stat.start_ticks != self.start_ticks {
            return None;
        }
        Some(WorkerSample {
            pid: self.pid,
            rss_bytes: stat
                .rss_pages
                .checked_mul(self.units.page_bytes)
                .filter(|bytes| *bytes > 0),
            pss_bytes: None,
            threads: Some(stat.threads),
            fds: self.open_files(),
            cpu_us: (u128::from(stat.cpu_ticks) * 1_000_000
                / u128::from(self.units.ticks_per_second))
            .try_into()
            .ok(),
        })
    }

    /// The proportional set size. Takes the process's memory lock and walks its page tables: about
    /// 3.5 ms for each GiB, in which the process may have to wait for new memory.
    pub fn pss_bytes(&self) -> Option<u64> {
        let text = Reader::from(open_in(&self.directory, "smaps_rollup")?)
            .text()?
            .to_owned();
        kilobytes(&text, "Pss")
    }

    /// The text of its `cgroup` file.
    pub(crate) fn membership(&self) -> Option<String> {
        Reader::from(open_in(&self.directory, "cgroup")?)
            .text()
            .map(str::to_owned)
    }

    fn open_files(&self) -> Option<u32> {
        // Since Linux 6.2 the directory's size is the number of its entries.
        let size = fstatat(&self.directory, "fd", AtFlags::empty())
            .ok()?
            .st_size;
        if size > 0 {
            return u32::try_from(size).ok();
        }
        let same = format!("/proc/self/fd/{}/fd", self.directory.as_raw_fd());
        u32::try_from(std::fs::read_dir(same).ok()?.flatten().count()).ok()
    }
}

fn open_in(directory: &OwnedFd, name: &str) -> Option<OwnedFd> {
    openat(
        directory,
        name,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
    .ok()
}

/// The part of `/proc/PID/stat` that is wanted. procfs's own parser reads every field into a string
/// of its own, and panics on a line without a pid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    state: u8,
    cpu_ticks: u64,
    threads: u32,
    pub(crate) start_ticks: u64,
    rss_pages: u64,
}

impl Stat {
    pub(crate) fn parse(line: &[u8]) -> Option<Stat> {
        // The name may hold spaces, brackets and bytes that are not text: the last bracket ends it.
        let end_of_name = line.iter().rposition(|byte| *byte == b')')?;
        let rest = std::str::from_utf8(line.get(end_of_name + 1..)?).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().take(22).collect();
        // proc(5) counts from 1, and the state is its field 3.
        let field = |number: usize| fields.get(number - 3).copied();
        let number = |at: usize| field(at)?.parse::<u64>().ok();
        Some(Stat {
            state: *field(3)?.as_bytes().first()?,
            cpu_ticks: number(14)?.checked_add(number(15)?)?,
            threads: field(20)?.parse().ok()?,
            start_ticks: number(22)?,
            // Signed in the kernel's text.
            rss_pages: field(24)?.parse::<i64>().ok()?.max(0).unsigned_abs(),
        })
    }

    /// A dead main thread is no dead process while other threads live.
    fn is_gone(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::process::{Command, id};

    fn own() -> Worker {
        Worker::open(i32::try_from(id()).unwrap()).unwrap()
    }

    #[test]
    fn touched_memory_shows_in_rss_and_pss() {
        const BLOCK: usize = 64 << 20;
        let mut worker = own();
        let (rss, pss) = (
            worker.sample().unwrap().rss_bytes.unwrap(),
            worker.pss_bytes().unwrap(),
        );
        let block = std::hint::black_box(vec![1u8; BLOCK]);
        let grown = worker.sample().unwrap().rss_bytes.unwrap();
        // Other tests of this process allocate and free beside it, and the kernel counts in batches.
        let most = (BLOCK as u64) * 9 / 10;
        assert!(grown >= rss + most, "rss {rss} -> {grown}");
        let grown = worker.pss_bytes().unwrap();
        assert!(grown >= pss + most, "pss {pss} -> {grown}");
        drop(block);
    }

    #[test]
    fn open_files_are_counted() {
        // A process of its own: the tests beside this one open files too.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec 5</dev/null 6</dev/null 7</dev/null; echo; read -r _",
            ])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let counted = Worker::open(pid).unwrap().sample().unwrap().fds;
        let listed = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .count();
        assert_eq!(counted, Some(u32::try_from(listed).unwrap()));
        assert!(listed >= 6);
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn own_open_files_grow_by_those_opened() {
        let mut worker = own();
        let before = worker.sample().unwrap().fds.unwrap();
        let files: Vec<File> = (0..200).map(|_| File::open("/dev/null").unwrap()).collect();
        let after = worker.sample().unwrap().fds.unwrap();
        assert!(after >= before + 150, "{before} -> {after}");
        drop(files);
    }

    #[test]
    fn a_dead_process_gives_nothing_before_and_after_it_is_reaped() {
        let mut child = Command::new("sh")
            .args(["-c", "read -r _"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let mut worker = Worker::open(pid).unwrap();
        let sample = worker.sample().unwrap();
        assert_eq!((sample.pid, sample.threads), (pid, Some(1)));
        child.kill().unwrap();
        nix::sys::wait::waitid(
            nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(pid)),
            nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT,
        )
        .unwrap();
        assert_eq!(worker.sample(), None, "as a zombie");
        assert!(Worker::open(pid).is_none(), "opened as a zombie");
        child.wait().unwrap();
        assert_eq!(worker.sample(), None);
        assert_eq!(worker.pss_bytes(), None);
    }

    #[test]
    fn a_pid_that_never_was_gives_nothing() {
        for pid in [i32::MAX, 0, -1] {
            assert!(Worker::open(pid).is_none(), "{pid}");
        }
    }

    #[test]
    fn a_name_may_hold_anything_and_what_is_malformed_is_nothing() {
        let mut line = b"42 (a) b ( \xff) S 1 42 42 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 7 0 9876 1000 55 18446744073709551615\n".to_vec();
        let stat = Stat::parse(&line).unwrap();
        assert_eq!(
            (
                stat.cpu_ticks,
                stat.threads,
                stat.start_ticks,
                stat.rss_pages
            ),
            (42, 7, 9876, 55)
        );
        assert!(!stat.is_gone());
        while line.pop().is_some_and(|byte| byte != b'(') {
            Stat::parse(&line);
        }
        for text in [
            "",
            "(",
            ")",
            "(x)",
            "1 (x) S",
            "1 (x) S a b c d e f g h i j k l m n o p q r s t u v w",
        ] {
            assert_eq!(Stat::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
