//! The machine's memory, load and pressure, cheap enough for a hundred readings a second.

use std::time::{Duration, Instant};

use crashpoint_reports::HostSample;

use crate::pressure::Pressure;
use crate::read::{Reader, kilobytes};

/// The kernel itself renews the load every five seconds and the pressure averages every two.
const AVERAGES_EVERY: Duration = Duration::from_millis(500);

/// Keeps its files open. Temperatures and the control group are other probes' to fill in.
#[derive(Debug)]
pub struct Host {
    memory: Option<Reader>,
    averages: Averages,
    averages_read: Option<Instant>,
    last: HostSample,
}

#[derive(Debug)]
struct Averages {
    load: Option<Reader>,
    cpu: Option<Reader>,
    memory: Option<Reader>,
    io: Option<Reader>,
}

impl Host {
    #[allow(clippy::new_without_default, reason = "opening files is no default")]
    pub fn new() -> Host {
        Host {
            memory: Reader::open("/proc/meminfo"),
            averages: Averages {
                load: Reader::open("/proc/loadavg"),
                cpu: Reader::open("/proc/pressure/cpu"),
                memory: Reader::open("/proc/pressure/memory"),
                io: Reader::open("/proc/pressure/io"),
            },
            averages_read: None,
            last: HostSample::default(),
        }
    }

    /// Memory and swap as they are now; load and pressure at most half a second old.
    pub fn sample(&mut self) -> HostSample {
        let now = Instant::now();
        if self
            .averages_read
            .is_none_or(|then| now.duration_since(then) >= AVERAGES_EVERY)
        {
            self.averages.read_into(&mut self.last);
            self.averages_read = Some(now);
        }
        memory_into(
            &mut self.last,
            self.memory.as_mut().and_then(Reader::text).unwrap_or(""),
        );
        self.last.clone()
    }
}

fn memory_into(sample: &mut HostSample, meminfo: &str) {
    sample.memory_total_bytes = kilobytes(meminfo, "MemTotal");
    sample.memory_available_bytes = kilobytes(meminfo, "MemAvailable");
    sample.swap_used_bytes = kilobytes(meminfo, "SwapTotal")
        .zip(kilobytes(meminfo, "SwapFree"))
        .map(|(total, free)| total.saturating_sub(free));
}

impl Averages {
    fn read_into(&mut self, sample: &mut HostSample) {
        let load = self.load.as_mut().and_then(Reader::text);
        sample.load_1m = load.and_then(|text| text.split_whitespace().next()?.parse().ok());
        let cpu = pressure(&mut self.cpu);
        let memory = pressure(&mut self.memory);
        sample.psi_cpu_some_avg10 = cpu.some_avg10;
        sample.psi_memory_some_avg10 = memory.some_avg10;
        sample.psi_memory_full_avg10 = memory.full_avg10;
        sample.psi_io_some_avg10 = pressure(&mut self.io).some_avg10;
    }
}

fn pressure(reader: &mut Option<Reader>) -> Pressure {
    reader
        .as_mut()
        .and_then(Reader::text)
        .map(Pressure::parse)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_a_load() {
        let sample = Host::new().sample();
        let (total, available) = (
            sample.memory_total_bytes.unwrap(),
            sample.memory_available_bytes.unwrap(),
        );
        assert!(available > 0 && available <= total);
        assert!(sample.load_1m.unwrap() >= 0.0);
        assert!(sample.swap_used_bytes.is_some());
        assert_eq!(
            sample.psi_memory_some_avg10.is_some(),
            readable("/proc/pressure/memory")
        );
    }

    /// A kernel that has pressure switched off lists the files and refuses to have them read.
    fn readable(path: &str) -> bool {
        std::fs::read(path).is_ok()
    }

    #[test]
    fn missing_lines_are_missing_values() {
        let mut sample = HostSample::default();
        memory_into(&mut sample, "MemTotal: 8 kB\nSwapTotal: 8 kB\nnoise");
        assert_eq!(sample.memory_total_bytes, Some(8192));
        assert_eq!(
            (sample.memory_available_bytes, sample.swap_used_bytes),
            (None, None)
        );
    }
}
