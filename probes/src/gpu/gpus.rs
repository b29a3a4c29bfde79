//! All GPUs together: each has a thread of its own, so that one whose driver hangs silences no other.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crashpoint_reports::GpuSample;
use crashpoint_reports::environment::{Gpu, GpuFacts};
use crashpoint_reports::gpu::{GpuCounters, GpuNews, GpuProcess, Told};
use nvml_wrapper::Nvml;

use super::Reply;
use super::calls::Calls;
use super::counters::{counters, processes};
use super::desk::{Ask, Desk, Read, Said};
use super::facts::{facts, no_uuid};
use super::look::Look;
use super::nvml::{Absent, start};
use super::reading::read;
use super::xids::listen;
use crate::boot::Clocks;

/// A GPU that is asked for the first time may have to wake up.
const FACTS: Duration = Duration::from_secs(4);
/// The others' readings wait for as long, once.
const READING: Duration = Duration::from_millis(300);
/// Longer than any call that comes back on a machine that is well.
const STUCK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Gpus {
    known: GpuFacts,
    each: Vec<One>,
    xids: Receiver<GpuNews>,
}

#[derive(Debug)]
struct One {
    index: u32,
    uuid: String,
    desk: Desk,
    /// What was told of it last.
    counters: Option<GpuCounters>,
    pids: Vec<u32>,
    slowest_us: u64,
    is_stuck: bool,
    news: Vec<GpuNews>,
}

impl Gpus {
    pub(super) fn find() -> Result<Gpus, Absent> {
        // Its end is the process's: to shut it down may hang as any other call.
        let nvml: &'static Nvml = Box::leak(Box::new(start()?));
        let count = nvml.device_count().map_err(Absent::Count)?;
        if count == 0 {
            return Err(Absent::NoGpu);
        }
        let (news, xids) = channel();
        let desks: Vec<(u32, Desk)> = (0..count)
            .filter_map(|index| Some((index, open(nvml, index)?)))
            .collect();
        let mut each = Vec::new();
        let mut described = Vec::new();
        for (index, gpu, desk) in described_by(desks) {
            spawn_listener(nvml, &gpu, &news);
            each.push(One::new(index, gpu.uuid.clone(), desk));
            described.push(gpu);
        }
        let known = GpuFacts {
            driver_version: nvml.sys_driver_version().ok(),
            cuda_version: nvml.sys_cuda_driver_version().ok().map(cuda_version),
            gpus: described,
        };
        Ok(Gpus { known, each, xids })
    }

    pub(super) fn facts(&self) -> Reply {
        Reply::Facts(self.known.clone())
    }

    pub(super) fn read(&mut self, worker_pid: Option<i32>, counters: bool) -> Reply {
        let ask = Ask::Read {
            worker_pid,
            counters,
        };
        for one in &mut self.each {
            one.desk.ask(ask);
        }
        Reply::Read(self.each.iter_mut().map(|one| one.read(counters)).collect())
    }

    /// What came up since it was asked for last.
    pub(super) fn news(&mut self) -> Vec<GpuNews> {
        let mut news: Vec<GpuNews> = self.xids.try_iter().collect();
        for one in &mut self.each {
            news.append(&mut one.news);
        }
        news
    }
}

impl One {
    fn new(index: u32, uuid: String, desk: Desk) -> One {
        One {
            index,
            uuid,
            desk,
            counters: None,
            pids: Vec::new(),
            slowest_us: 0,
            is_stuck: false,
            news: Vec::new(),
        }
    }

    fn read(&mut self, counters: bool) -> GpuSample {
        let said = self.desk.wait(READING);
        let silent = self.desk.silent();
        let is_stuck = silent.is_some_and(|silent| silent >= STUCK);
        if is_stuck && !self.is_stuck {
            let call = self.desk.stuck();
            self.news
                .extend(call.map(|call| self.told(Told::Stuck(call))));
        }
        self.is_stuck = is_stuck;
        let mut sample = GpuSample::default();
        if let Some(Said::Read(read)) = said {
            let read = *read;
            sample = read.sample;
            self.note(read.counters, read.processes);
            if counters {
                self.note_slowest();
            }
        }
        sample.index = self.index;
        sample.uuid.clone_from(&self.uuid);
        sample.silent_us = silent.map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX));
        sample
    }

    /// Only what has changed is worth telling.
    fn note(&mut self, counters: Option<GpuCounters>, processes: Option<Vec<GpuProcess>>) {
        if let Some(counters) = counters
            && self.counters.as_ref() != Some(&counters)
        {
            self.counters = Some(counters.clone());
            let told = self.told(Told::Counters(Box::new(counters)));
            self.news.push(told);
        }
        if let Some(processes) = processes {
            let pids: Vec<u32> = processes.iter().map(|process| process.pid).collect();
            if pids != self.pids {
                self.pids = pids;
                let told = self.told(Told::Processes(processes));
                self.news.push(told);
            }
        }
    }

    fn note_slowest(&mut self) {
        if let Some(call) = self.desk.slowest()
            && call.us > self.slowest_us
        {
            self.slowest_us = call.us;
            let told = self.told(Told::Slowest(call));
            self.news.push(told);
        }
    }

    fn told(&self, told: Told) -> GpuNews {
        GpuNews {
            index: self.index,
            uuid: self.uuid.clone(),
            mono_us: Clocks::now().mono_us,
            told,
        }
    }
}

/// `None` where there can't be another thread.
fn open(nvml: &'static Nvml, index: u32) -> Option<Desk> {
    let desk = Desk::open(index, move |calls, ask| answer(nvml, index, calls, ask));
    desk.ok()
}

fn answer(nvml: &'static Nvml, index: u32, calls: &Calls, ask: Ask) -> Said {
    let mut look = Look::at(nvml, index, calls);
    match ask {
        Ask::Facts => Said::Facts(Box::new(facts(index, &mut look))),
        Ask::Read {
            worker_pid,
            counters: with_counters,
        } => {
            let mut said = Read::default();
            read(&mut said.sample, &mut look, worker_pid);
            // Counters that a card does not have are asked for as well, and some answer it with an
            // error that elsewhere means something.
            said.sample.findings = look.findings();
            if with_counters {
                said.counters = Some(counters(&mut look));
                said.processes = processes(&mut look);
            }
            Said::Read(Box::new(said))
        }
    }
}

/// All are asked before any is waited for. One that does not answer still has its index.
fn described_by(mut desks: Vec<(u32, Desk)>) -> Vec<(u32, Gpu, Desk)> {
    for (_, desk) in &mut desks {
        desk.ask(Ask::Facts);
    }
    let describe = |(index, mut desk): (u32, Desk)| {
        let gpu = match desk.wait(FACTS) {
            Some(Said::Facts(gpu)) => *gpu,
            _ => Gpu {
                index,
                uuid: no_uuid(index),
                ..Gpu::default()
            },
        };
        (index, gpu, desk)
    };
    desks.into_iter().map(describe).collect()
}

fn spawn_listener(nvml: &'static Nvml, gpu: &Gpu, news: &Sender<GpuNews>) {
    let (index, uuid, news) = (gpu.index, gpu.uuid.clone(), news.clone());
    // Without it there are no Xids from NVML; the kernel log has them too.
    let _ = std::thread::Builder::new()
        .name(format!("xid-{index}"))
        .spawn(move || listen(nvml, index, &uuid, &news));
}

fn cuda_version(number: i32) -> String {
    format!("{}.{}", number / 1000, number % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_versions_read_as_nvidia_writes_them() {
        assert_eq!(cuda_version(12080), "12.8");
        assert_eq!(cuda_version(11000), "11.0");
    }
}
