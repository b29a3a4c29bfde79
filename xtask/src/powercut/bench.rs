//! Deaths one after another, each on a disk that has seen the ones before.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::death::Death;
use super::filesystem::Filesystem;
use super::handover::Handover;
use super::log_writes;
use super::machine::{Boot, Machine, Running};
use super::tool;
use super::trial::{Pending, Trial};
use super::worker::Worker;
use crate::Outcome;

/// An emulated machine boots in seconds; a busy host makes them many.
const BOOTS: Duration = Duration::from_secs(180);
/// For a panic, a reboot or a reset to end the emulator.
const GOES_DOWN: Duration = Duration::from_secs(60);
/// Of the moments at which something was at risk, the last so many are cut at.
const MOMENTS: usize = 100;
/// Of one that went wrong; the rest is in `--json`.
const WORDS: usize = 4;

pub struct Bench<'a> {
    machine: &'a Machine,
    within: f64,
    random: fastrand::Rng,
    pending: BTreeMap<Filesystem, Pending>,
    pub trials: Vec<Trial>,
}

impl Bench<'_> {
    /// Fresh disks; every death comes `within` so many seconds.
    pub fn new<'a>(
        machine: &'a Machine,
        filesystems: &[Filesystem],
        within: f64,
        seed: u64,
    ) -> Result<Bench<'a>, Box<dyn Error>> {
        let bench = Bench {
            machine,
            within,
            random: fastrand::Rng::with_seed(seed),
            pending: BTreeMap::new(),
            trials: Vec::new(),
        };
        for &filesystem in filesystems {
            Machine::prepare(filesystem, &bench.disk(filesystem))?;
        }
        Ok(bench)
    }

    fn disk(&self, filesystem: Filesystem) -> PathBuf {
        self.machine
            .folder
            .join(format!("disk.{}", filesystem.name()))
    }

    /// Boots, recovers what the death before left on this disk, starts a run, and ends it.
    pub fn one(&mut self, reset: u32, filesystem: Filesystem, death: Death) -> Outcome {
        let disk = self.disk(filesystem);
        let (before, log) = (disk.with_extension("before"), disk.with_extension("log"));
        let cut = death == Death::PowerCut;
        let worker = if self.random.bool() {
            Worker::Quick
        } else {
            Worker::Model
        };
        if cut {
            copy(&disk, &before)?;
        }
        let mut running = self.machine.start(&Boot {
            filesystem: filesystem.name(),
            disk: &disk,
            write_log: cut.then_some(log.as_path()),
            recover: self.recovers(filesystem),
            run: reset,
            worker,
        })?;
        self.recovered(filesystem, &running)?;
        running.wait_for(&format!("running {reset}"), BOOTS)?;
        let before_run = fs::metadata(&log).map_or(0, |log| log.len());
        // Now and then before there is anything to lose.
        if self.random.u32(..4) > 0 {
            running.wait_for_a_marker(BOOTS)?;
        }
        let started = Instant::now();
        let seconds = self.random.f64() * self.within;
        sleep(Duration::from_secs_f64(seconds));
        let mut pending = Pending {
            reset,
            filesystem,
            death,
            worker,
            seconds: started.elapsed().as_secs_f64(),
            unflushed: None,
            acknowledged: Vec::new(),
        };
        match death {
            Death::HardReset => running.kill()?,
            Death::PowerCut => {
                let length = fs::metadata(&log)?.len();
                running.quit()?;
                let mut moments = log_writes::unflushed_at(&log, length)?;
                // Before the run there is nothing of it to lose.
                moments.retain(|&moment| moment > before_run);
                let last = moments.len().saturating_sub(MOMENTS);
                let cut = self.random.choice(&moments[last..]).copied();
                let cut = cut.unwrap_or(length);
                let fate = log_writes::replay(&log, cut, &before, &mut self.random)?;
                fs::rename(&before, &disk)?;
                pending.acknowledged = running.heard().acknowledged;
                pending.acknowledged.retain(|told| told.logged <= cut);
                pending.unflushed = Some(fate);
            }
            Death::SystemReset => {
                running.order("system_reset")?;
                running.wait(GOES_DOWN)?;
            }
            Death::Panic => {
                running.tell("panic")?;
                running.wait(GOES_DOWN)?;
            }
            Death::Reboot => {
                running.tell("reboot")?;
                running.wait(GOES_DOWN)?;
            }
            Death::SupervisorKill => running.tell("kill")?,
        }
        if death == Death::SupervisorKill {
            running.wait_for(&format!("recovered {reset}"), BOOTS)?;
        }
        if death != Death::PowerCut {
            pending.acknowledged = running.heard().acknowledged;
        }
        if death == Death::SupervisorKill {
            self.judge(pending)?;
            return running.quit();
        }
        self.pending.insert(filesystem, pending);
        Ok(())
    }

    fn recovers(&self, filesystem: Filesystem) -> u32 {
        self.pending
            .get(&filesystem)
            .map_or(0, |pending| pending.reset)
    }

    fn recovered(&mut self, filesystem: Filesystem, running: &Running) -> Outcome {
        let Some(pending) = self.pending.remove(&filesystem) else {
            return Ok(());
        };
        running.wait_for(&format!("recovered {}", pending.reset), BOOTS)?;
        self.judge(pending)
    }

    fn judge(&mut self, pending: Pending) -> Outcome {
        let folder = self.machine.folder.join("told");
        let handover = Handover::unpack(&self.machine.handover(), &folder)?;
        let trial = pending.judge(&handover)?;
        eprintln!("powercut: {trial}");
        for wrong in trial.wrong.iter().take(WORDS) {
            eprintln!("powercut: {}: WRONG: {wrong}", trial.reset);
        }
        if trial.lost > 0 || trial.is_wrong() {
            // For whoever looks into it.
            let kept = self.machine.folder.join(format!("wrong-{}", trial.reset));
            let _ = fs::remove_dir_all(&kept);
            fs::rename(&folder, kept)?;
        }
        self.trials.push(trial);
        Ok(())
    }

    /// A last boot for every disk on which a death is not judged yet.
    pub fn recover_the_rest(&mut self) -> Outcome {
        let filesystems: Vec<Filesystem> = self.pending.keys().copied().collect();
        for filesystem in filesystems {
            let mut running = self.machine.start(&Boot {
                filesystem: filesystem.name(),
                disk: &self.disk(filesystem),
                write_log: None,
                recover: self.recovers(filesystem),
                run: 0,
                worker: Worker::default(),
            })?;
            self.recovered(filesystem, &running)?;
            running.quit()?;
        }
        Ok(())
    }
}

/// Holes stay holes.
fn copy(from: &Path, to: &Path) -> Outcome {
    tool::run(Command::new("cp").arg("--sparse=always").arg(from).arg(to))
}
