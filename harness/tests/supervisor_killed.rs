//! The supervisor is killed, at moments that nobody chose: its journal can be read, what is said of
//! it is right, and nothing that it started lives on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;
// The rule for a crash point, written down once more and apart from the code that makes reports.
#[path = "../../xtask/src/powercut/under_way.rs"]
mod under_way;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crashpoint_reports::event::Marker;
use crashpoint_reports::journal::read_segment;
use crashpoint_reports::recovery::RunEnding;
use crashpoint_reports::{Event, Record, Report};
use support::{Place, eventually};
use under_way::under_way;

/// Set for the supervisor, and so for everything that comes of it.
const MARK: &str = "CRASHPOINT_TEST_OF_A_KILLED_SUPERVISOR";
/// A pipeline, a daemon in a session of its own, and one whose parent is gone as well.
const FOREIGN: &str =
    "sleep 1000 | cat & setsid sleep 1000 & (setsid sh -c 'sleep 1000; :' &) ; wait";

/// A seed of its own each time, printed by whoever fails.
struct Moments(u64);

impl Moments {
    /// SplitMix64: moments need to be spread, not to be unpredictable.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn at_twenty_moments() {
    at_moments(20);
}

/// Minutes: `cargo test --test supervisor_killed -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn at_five_hundred_moments() {
    at_moments(500);
}

fn at_moments(moments: u32) {
    let since_epoch = UNIX_EPOCH.elapsed().unwrap();
    let seed = since_epoch.as_nanos() as u64;
    let mut random = Moments(seed);
    let mut acknowledged = 0;
    for moment in 1..=moments {
        let place = Place::new();
        let mark = format!("{seed}-{moment}");
        let told = if moment % 4 == 0 {
            foreign_program(&place, &mark, &mut random)
        } else {
            ladder(&place, &mark, &mut random)
        };
        nothing_lives_on(&mark);
        acknowledged += told.len();
        let latest = place.path("crashpoint-runs/latest");
        if latest.exists() {
            recovered_right(&place, &latest, &told);
        } else {
            assert!(told.is_empty(), "seed {seed}, moment {moment}");
        }
    }
    println!("{moments} moments, {acknowledged} markers acknowledged, seed {seed}");
}

/// Returns what was acknowledged until the supervisor was killed.
fn ladder(place: &Place, mark: &str, random: &mut Moments) -> Vec<Marker> {
    let path = place.path("acknowledged");
    let mut child = place
        .command(&[
            "run",
            "--no-triage",
            "--max-new-tokens",
            "2",
            "--cycles",
            "1000",
            "--burn",
            "100ms",
        ])
        .env(MARK, mark)
        .env("CRASHPOINT_ACKNOWLEDGED", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wanted = random.below(40) as usize;
    eventually("enough markers", || {
        (told(&path).len() >= wanted).then_some(())
    });
    kill_after_a_while(&mut child, random);
    told(&path)
}

fn foreign_program(place: &Place, mark: &str, random: &mut Moments) -> Vec<Marker> {
    let mut child = place
        .command(&["exec", "--", "sh", "-c", FOREIGN])
        .env(MARK, mark)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    if random.below(3) > 0 {
        eventually("all of the program's processes", || {
            (marked(mark, "sleep").len() == 3).then_some(())
        });
    }
    kill_after_a_while(&mut child, random);
    Vec::new()
}

/// The moment is what is random here; nothing is waited for.
fn kill_after_a_while(child: &mut Child, random: &mut Moments) {
    let until = Instant::now() + Duration::from_micros(random.below(50_000));
    while Instant::now() < until {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn told(path: &Path) -> Vec<Marker> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The last line may be a part of one.
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[track_caller]
fn nothing_lives_on(mark: &str) {
    eventually("that nothing lives on", || {
        marked(mark, "").is_empty().then_some(())
    });
}

/// The processes that carry the mark and whose name contains this.
fn marked(mark: &str, name: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            environment
                .split(|&byte| byte == 0)
                .any(|it| it == wanted.as_bytes())
        })
        .filter_map(|process| fs::read_to_string(process.path().join("comm")).ok())
        .filter(|comm| comm.contains(name))
        .collect()
}

#[track_caller]
fn recovered_right(place: &Place, run: &Path, told: &[Marker]) {
    let mut records: Vec<Record> = Vec::new();
    let journal = fs::read(run.join("journal-0001.jsonl")).unwrap_or_default();
    let state = read_segment(journal.as_slice(), |record| records.push(record)).unwrap();
    assert!(state.damage.is_empty(), "{:?}", state.damage);
    for marker in told {
        let kept = records
            .iter()
            .any(|record| matches!(&record.event, Event::Marker(it) if it == marker));
        assert!(kept, "lost: {marker:?}");
    }
    if records.is_empty() {
        return;
    }
    let ran = place.crashpoint(&["recover", run.to_str().unwrap(), "--json"]);
    let report: Report = serde_json::from_str(&ran.exits(10).stdout).unwrap();
    let ended_by = report.recovery.unwrap().ended_by;
    assert_eq!(ended_by, RunEnding::SupervisorKilled);
    let named = report.crash_points.last();
    match under_way(&records) {
        Some(expected) => assert!(
            named.is_some_and(|named| expected.is(named)),
            "{expected:?} is not {named:?}"
        ),
        None => assert!(named.is_none(), "{named:?}"),
    }
}
