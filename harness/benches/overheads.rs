//! What crashpoint costs, as ratios within one run: `cargo bench -p crashpoint`, or one of them:
//! `cargo bench -p crashpoint -- detection`.
//!
//! Each figure is taken in turn with the thing it is compared to, since machines drift.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crashpoint::interrupt::Interrupt;
use crashpoint::journal::{self, Journal};
use crashpoint::supervise::{Progress, Reason, Stdin, Supervisor, Task, TimeLimits};
use crashpoint_probes::boot::Clocks;
use crashpoint_reports::event::{Marker, Writer};
use crashpoint_reports::journal::encode;
use crashpoint_reports::page::{BYTES, Slot, head};
use crashpoint_reports::protocol::{FD_VARIABLE, FromWorker};
use crashpoint_reports::{Event, Phase, Record};
use crashpoint_scenarios::job::{FaultAlone, Job, Work};
use crashpoint_scenarios::worker::Page;
use nix::fcntl::{FcntlArg, FdFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

const CRASHPOINT: &str = env!("CARGO_BIN_EXE_crashpoint");
const SPAWNS: usize = 100;
const MARKERS: usize = 400;
const ROUNDS: u32 = 101;
const STATEMENTS: u32 = 1000;
const PAIRS: usize = 15;
const DEATHS: usize = 300;
/// Makes this executable the program that dies.
const DIE: &str = "die-at-once";

type Bench = fn(&Path) -> Result<()>;
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let [word, place] = &arguments[..]
        && word == DIE
    {
        return die(Path::new(place));
    }
    // In the target folder: a folder for temporary files may be in memory, and costs nothing to sync.
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let asked = arguments
        .iter()
        .filter_map(|word| word.to_str())
        .find(|word| !word.starts_with("--"));
    let all: [(&str, Bench); 5] = [
        ("spawn", spawn),
        ("marker", marker),
        ("page", page),
        ("detection", detection),
        ("probing", probing),
    ];
    for (name, bench) in all {
        if asked.is_none_or(|asked| asked == name) {
            bench(place.path())?;
        }
    }
    Ok(())
}

/// What the attempts of one figure share.
struct Stage {
    folder: PathBuf,
    journal: Journal,
    interrupt: Interrupt,
}

impl Stage {
    fn set(folder: PathBuf) -> Result<Stage> {
        std::fs::create_dir_all(folder.join("attempts"))?;
        Ok(Stage {
            journal: journal(&folder)?,
            interrupt: Interrupt::listen()?,
            folder,
        })
    }

    fn attempt(
        &self,
        n: usize,
        observe: &dyn Fn(Progress),
        of: impl FnOnce(Task) -> Task,
    ) -> Result<()> {
        let supervisor = Supervisor {
            keeper: PathBuf::from(CRASHPOINT),
            journal: &self.journal,
            probes: None,
            acknowledged: None,
            interrupt: &self.interrupt,
            observe,
        };
        let folder = self.folder.join(format!("attempts/{n}"));
        std::fs::create_dir(&folder)?;
        supervisor.attempt(&of(Task {
            attempt: u32::try_from(n)?,
            case: "bench".to_owned(),
            n: 1,
            reason: Reason::default(),
            folder,
            program: OsString::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            stdin: Stdin::Null,
            gpu: None,
            job: None,
            limits: TimeLimits::default(),
            group: None,
            echo: false,
        }))?;
        Ok(())
    }
}

fn journal(folder: &Path) -> Result<Journal> {
    let header = journal::header("bench", Writer::Run);
    Ok(Journal::create(folder, header, journal::Config::default())?)
}

fn spawn(place: &Path) -> Result<()> {
    let stage = Stage::set(place.join("spawn"))?;
    let job = serde_json::to_value(Job {
        work: Work::Fault(FaultAlone {
            device: "cpu".to_owned(),
        }),
        profile: None,
        inject: None,
    })?;
    let mut bare = Vec::new();
    let mut ours = Vec::new();
    for n in 0..SPAWNS {
        bare.push(bare_spawn()?);
        let begun = Instant::now();
        let hello = Cell::new(Duration::ZERO);
        let observe = |progress: Progress| {
            if matches!(progress, Progress::Hello) {
                hello.set(begun.elapsed());
            }
        };
        stage.attempt(n, &observe, |task| Task {
            program: CRASHPOINT.into(),
            arguments: vec!["worker".into()],
            job: Some(job.clone()),
            ..task
        })?;
        ours.push(hello.get());
    }
    compare(
        "spawn to the worker's first message",
        &mut ours,
        "a bare posix_spawn of the same binary",
        &mut bare,
    );
    Ok(())
}

/// The same worker, without keeper, pipes or record.
fn bare_spawn() -> Result<Duration> {
    let (ours, theirs) = UnixStream::pair()?;
    fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let begun = Instant::now();
    let mut child = Command::new(CRASHPOINT)
        .arg("worker")
        .env(FD_VARIABLE, theirs.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    BufReader::new(&ours).read_line(&mut String::new())?;
    let elapsed = begun.elapsed();
    drop((ours, theirs));
    child.wait()?;
    Ok(elapsed)
}

fn marker(place: &Path) -> Result<()> {
    let folder = place.join("marker");
    std::fs::create_dir(&folder)?;
    let journal = journal(&folder)?;
    let event = || {
        Event::Marker(Marker {
            attempt: 1,
            id: Some(7),
            phase: Phase::Decode,
            image: None,
        })
    };
    let mut line = Vec::new();
    encode(
        &Record {
            seq: 1000,
            mono_us: 1 << 40,
            wall_us: 1 << 50,
            event: event(),
        },
        &mut line,
    )?;
    let mut raw = File::create(folder.join("raw"))?;
    let mut bare = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..MARKERS {
        let begun = Instant::now();
        raw.write_all(&line)?;
        raw.sync_data()?;
        bare.push(begun.elapsed());
        let begun = Instant::now();
        journal.append_durably(event())?;
        ours.push(begun.elapsed());
    }
    journal.close()?;
    compare(
        "a durable marker",
        &mut ours,
        "write and fdatasync of the same bytes",
        &mut bare,
    );
    Ok(())
}

/// A token told on the page, against the same told by a message that the supervisor reads.
fn page(_: &Path) -> Result<()> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = File::from(memfd_create("bench", flags)?);
    file.set_len(BYTES as u64)?;
    for (at, word) in (0..).zip(head()) {
        file.write_all_at(&word.to_ne_bytes(), at * 8)?;
    }
    fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK))?;
    let mut page = Page::of(&file)?;
    let (ours, mut theirs) = UnixStream::pair()?;
    let reader = std::thread::spawn(move || BufReader::new(ours).lines().count());
    let mut slot = Slot::of(7);
    let mut said = Vec::new();
    let mut sent = Vec::new();
    for round in 0..ROUNDS {
        let begun = Instant::now();
        for n in 1..=STATEMENTS {
            slot.set_token(std::hint::black_box(round + n));
            page.say(&slot);
        }
        said.push(begun.elapsed() / STATEMENTS);
        let begun = Instant::now();
        for n in 1..=STATEMENTS {
            let message = FromWorker::Token { n: round + n };
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            theirs.write_all(&line)?;
        }
        sent.push(begun.elapsed() / STATEMENTS);
    }
    drop(theirs);
    let lines = reader.join().map_err(|_| "the reader panicked")?;
    if lines != (ROUNDS * STATEMENTS) as usize {
        return Err(format!("{lines} messages were read").into());
    }
    let nanos = |times: &[Duration]| median(times.iter().map(|it| it.as_nanos() as f64).collect());
    println!(
        "a token on the page: {:.0} ns; by message: {:.0} ns; {ROUNDS} rounds of {STATEMENTS}",
        nanos(&said),
        nanos(&sent),
    );
    Ok(())
}

/// From the last thing that a program does to the durable record that it is gone.
fn detection(place: &Path) -> Result<()> {
    let stage = Stage::set(place.join("detection"))?;
    let note = stage.folder.join("note");
    let program: OsString = std::env::current_exe()?.into();
    let mut latencies = Vec::new();
    for n in 0..DEATHS {
        let recorded = Cell::new(None);
        let observe = |progress: Progress| {
            if matches!(progress, Progress::Ended) {
                recorded.set(Some(Clocks::now().mono_us));
            }
        };
        stage.attempt(n, &observe, |task| Task {
            program: program.clone(),
            arguments: vec![DIE.into(), note.clone().into()],
            ..task
        })?;
        let died: u64 = std::fs::read_to_string(&note)?.parse()?;
        let recorded = recorded.get().ok_or("the death was not recorded")?;
        latencies.push(recorded.saturating_sub(died) as f64 / 1000.0);
    }
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * latencies.len() as f64) as usize;
        latencies.get(place).copied().unwrap_or(f64::NAN)
    };
    println!(
        "from a death to its durable record: median {:.2} ms, p99 {:.2} ms, most {:.2} ms, of {}",
        at(0.5),
        at(0.99),
        at(1.0 - f64::EPSILON),
        latencies.len()
    );
    Ok(())
}

/// Notes the time and is gone.
fn die(note: &Path) -> Result<()> {
    let mut note = File::create(note)?;
    write!(note, "{}", Clocks::now().mono_us)?;
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL)?;
    Ok(())
}

fn probing(place: &Path) -> Result<()> {
    let mut without = Vec::new();
    let mut with = Vec::new();
    run(place, "0")?;
    for _ in 0..PAIRS {
        without.push(run(place, "0")?);
        with.push(run(place, "100")?);
    }
    compare(
        "an image while probing at 100 Hz",
        &mut with,
        "an image without probing",
        &mut without,
    );
    Ok(())
}

/// The median time of an image in a run of many.
fn run(place: &Path, hz: &str) -> Result<Duration> {
    let output = Command::new(CRASHPOINT)
        .args([
            "run",
            "long",
            "--images-total",
            "60",
            "--json",
            "--quiet",
            "--sample-hz",
            hz,
        ])
        .current_dir(place)
        .output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let seconds = report["statistics"]["image_seconds"]["median"]
        .as_f64()
        .ok_or("the run has no times")?;
    Ok(Duration::from_secs_f64(seconds))
}

fn compare(ours: &str, a: &mut [Duration], theirs: &str, b: &mut [Duration]) {
    let pairs: Vec<f64> = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| a.as_secs_f64() / b.as_secs_f64())
        .collect();
    let ratio = median(pairs);
    let micros =
        |times: &[Duration]| median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect());
    println!(
        "{ours}: {:.0} us; {theirs}: {:.0} us; median ratio of {} pairs {ratio:.3}",
        micros(a),
        micros(b),
        a.len()
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
