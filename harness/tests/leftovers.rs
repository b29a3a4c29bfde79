//! Whatever the ending, nothing is left: no process, no open file, no control group, no file.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crashpoint::interrupt::Interrupt;
use crashpoint::journal::{self, Config, Journal};
use crashpoint::supervise::{Reason, Stdin, Supervisor, Task, TimeLimits};
use crashpoint_probes::OwnGroup;
use crashpoint_probes::cgroup::Limits;
use crashpoint_reports::EndingKind;
use crashpoint_reports::event::Writer;

const MARK: &str = "CRASHPOINT_TEST_OF_LEFTOVERS";
const PATIENCE: Duration = Duration::from_secs(60);

/// One of each kind, as a shell script.
const ENDINGS: [(&str, EndingKind); 6] = [
    ("exit 0", EndingKind::Exit),
    ("echo wrong >&2; exit 7", EndingKind::Exit),
    ("kill -SEGV $$", EndingKind::Signal),
    ("kill -KILL $$", EndingKind::Signal),
    (
        "trap '' TERM; while :; do sleep 1000; done",
        EndingKind::Timeout,
    ),
    // It outlives, in a session of its own, and holds the pipe.
    ("setsid sleep 1000 & exit 0", EndingKind::Exit),
];

#[test]
fn nothing_is_left_after_any_ending() {
    let place = tempfile::tempdir().unwrap();
    let temporary = place.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let header = journal::header("leftovers", Writer::Run);
    let journal = Journal::create(place.path(), header, Config::default()).unwrap();
    let interrupt = Interrupt::listen().unwrap();
    let supervisor = Supervisor {
        keeper: PathBuf::from(env!("CARGO_BIN_EXE_crashpoint")),
        journal: &journal,
        probes: None,
        acknowledged: None,
        interrupt: &interrupt,
        observe: &|_| {},
    };
    let limits = Limits {
        memory_bytes: Some(256 << 20),
        pids: Some(64),
    };
    let group = match OwnGroup::make(limits) {
        Ok(_) => Some(limits),
        Err(error) => {
            println!("without control groups: {error}");
            None
        }
    };
    let mut number = 0;
    let mut attempt = |script: &str, group: Option<Limits>| {
        number += 1;
        let folder = place.path().join(format!("attempts/{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        supervisor
            .attempt(&Task {
                attempt: number,
                case: "leftovers".to_owned(),
                n: number,
                reason: Reason::default(),
                folder,
                program: "sh".into(),
                arguments: vec!["-c".into(), script.into()],
                variables: vec![
                    (MARK.into(), "1".into()),
                    ("TMPDIR".into(), temporary.clone().into()),
                ],
                stdin: Stdin::Null,
                gpu: None,
                job: None,
                limits: TimeLimits {
                    whole: Some(Duration::from_secs(2)),
                    ..TimeLimits::default()
                },
                group,
                echo: false,
            })
            .unwrap()
    };
    // What is opened once and for all is opened by the first.
    attempt("exit 0", None);
    let before = open_files();
    for (script, kind) in ENDINGS {
        for group in [None, group] {
            let finished = attempt(script, group);
            assert_eq!(finished.ending().kind, kind, "{script}");
            eventually("no process", || marked_processes().is_empty());
            eventually("no open file", || open_files() == before);
            assert_eq!(control_groups(), Vec::<PathBuf>::new(), "{script}");
            assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
        }
    }
}

/// Asks until it is so. For what has no event to wait for.
#[track_caller]
fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !look() {
        assert!(
            Instant::now() < deadline,
            "it never came to be: {what}: {:?} {:?}",
            marked_processes(),
            open_files()
        );
        std::thread::yield_now();
    }
}

/// Processes that inherited the mark and are not merely waiting to be reaped.
fn marked_processes() -> Vec<String> {
    let mark = format!("{MARK}=1");
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read(entry.path().join("environ")).is_ok_and(|text| {
                text.split(|&byte| byte == 0)
                    .any(|it| it == mark.as_bytes())
            })
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// How many there are of each kind.
fn open_files() -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        let target = target.to_string_lossy().into_owned();
        let kind = target.split('[').next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

/// Of this process's making.
fn control_groups() -> Vec<PathBuf> {
    let mark = format!("-{}-", std::process::id());
    let mut waiting = vec![Path::new("/sys/fs/cgroup").to_owned()];
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("crashpoint-") && name.contains(&mark) {
                found.push(entry.path());
            } else {
                waiting.push(entry.path());
            }
        }
    }
    found
}
