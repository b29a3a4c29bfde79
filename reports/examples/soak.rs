//! A day at 100 Hz: how large its journal is, how long the fold takes, and in how much memory.
//!
//! `cargo run --release -p crashpoint-reports --example soak -- write FILE`, then `… -- fold FILE`: two
//! processes, so that the memory told is the fold's own. `… -- html FILE PAGE` makes the page of it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use crashpoint_reports::event::{
    AttemptEnd, AttemptStart, Header, Marker, Output, Plan, PlannedCase, PlannedImage, Purpose,
    Settings, Variation, Writer,
};
use crashpoint_reports::fold::Fold;
use crashpoint_reports::journal::{FORMAT, encode, read_segment};
use crashpoint_reports::protocol::{Hello, ImageAt, ImageResult, PhaseDone, VERSION};
use crashpoint_reports::{
    Ending, EndingKind, Event, GpuSample, HostSample, Outcome, Phase, Record, Report, Sample,
    SampleBlock, WorkerSample, render,
};

const SECONDS: u64 = 24 * 3600;
const HZ: u64 = 100;
/// One worker lives so long, and analyses an image in so many seconds.
const RENEW_S: u64 = 1800;
const IMAGE_S: u64 = 3;
const WALL_US: u64 = 1_795_000_000_000_000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", path] => Day::write(Path::new(path)),
        ["fold", path] => fold(Path::new(path)),
        ["html", path, page] => html(Path::new(path), Path::new(page)),
        _ => Err(io::Error::other("write FILE, fold FILE, or html FILE PAGE")),
    }
}

fn html(path: &Path, page: &Path) -> io::Result<()> {
    let report = read(path)?;
    let begun = Instant::now();
    let text = render::html(&report);
    println!(
        "{} kB of HTML in {:.2} s",
        text.len() / 1000,
        begun.elapsed().as_secs_f64()
    );
    std::fs::write(page, text)
}

fn read(path: &Path) -> io::Result<Report> {
    let mut fold = Fold::new();
    let state = read_segment(
        BufReader::with_capacity(1 << 20, File::open(path)?),
        |record| {
            fold.push(record);
        },
    )?;
    Ok(fold.finish(state))
}

fn fold(path: &Path) -> io::Result<()> {
    let begun = Instant::now();
    let report = read(path)?;
    let folded = begun.elapsed().as_secs_f64();
    let json = render::json(&report);
    println!(
        "{} records, {} MB of journal: report in {folded:.2} s, as JSON ({} MB) in {:.2} s; {} images",
        report.journal.records,
        report.journal.bytes / 1_000_000,
        json.len() / 1_000_000,
        begun.elapsed().as_secs_f64() - folded,
        report.summary.total_analyses,
    );
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("peak memory: {}", peak.unwrap_or("not readable"));
    Ok(())
}

struct Day {
    out: BufWriter<File>,
    seq: u64,
    now_us: u64,
    noise: u64,
}

impl Day {
    fn write(path: &Path) -> io::Result<()> {
        let mut day = Day {
            out: BufWriter::new(File::create(path)?),
            seq: 0,
            now_us: 60_000_000,
            noise: 1,
        };
        day.begin()?;
        let mut attempt = 0;
        let mut marker = 0;
        for second in 0..SECONDS {
            if second % RENEW_S == 0 {
                if attempt > 0 {
                    day.end_of(attempt)?;
                }
                attempt += 1;
                day.start_of(attempt)?;
            }
            if second % IMAGE_S == 0 {
                let position = u32::try_from(second % RENEW_S / IMAGE_S).unwrap_or(0) + 1;
                day.image(attempt, position, &mut marker)?;
            }
            day.samples(attempt)?;
        }
        day.end_of(attempt)?;
        day.push(Event::RunEnd {})?;
        day.out.flush()
    }

    fn push(&mut self, event: Event) -> io::Result<()> {
        let record = Record {
            seq: self.seq,
            mono_us: self.now_us,
            wall_us: WALL_US + self.now_us,
            event,
        };
        self.seq += 1;
        let mut line = Vec::new();
        encode(&record, &mut line)?;
        self.out.write_all(&line)
    }

    /// A number below the bound: like a sensor's last digits.
    fn below(&mut self, bound: u64) -> u64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        self.noise % bound
    }

    fn begin(&mut self) -> io::Result<()> {
        self.push(Event::Header(Header {
            format: FORMAT,
            crashpoint: env!("CARGO_PKG_VERSION").to_owned(),
            run: "a-day".to_owned(),
            command: vec!["crashpoint".to_owned(), "run".to_owned(), "soak".to_owned()],
            boot_id: "a-boot".to_owned(),
            boot_time_s: WALL_US / 1_000_000,
            boottime_us: self.now_us,
            pid: 900,
            pid_start_ticks: 6000,
            pid_namespace: "pid:[4026531836]".to_owned(),
            working_folder: None,
            writer: Writer::Run,
            machine: None,
            previous: None,
        }))?;
        self.push(Event::Plan(Plan {
            settings: Settings {
                sample_hz: HZ as f64,
                ..Settings::default()
            },
            configured: Vec::new(),
            images: (1..=8)
                .map(|index| PlannedImage {
                    index,
                    file: format!("news-{index:02}.png"),
                    sha256: None,
                })
                .collect(),
            cases: vec![PlannedCase {
                name: "soak".to_owned(),
                scenario: "soak".to_owned(),
                title: "a day".to_owned(),
                images: (1..=8).collect(),
            }],
        }))
    }

    fn start_of(&mut self, attempt: u32) -> io::Result<()> {
        self.push(Event::AttemptStart(AttemptStart {
            attempt,
            case: "soak".to_owned(),
            n: attempt,
            purpose: Purpose::Planned,
            diagnostic: false,
            variation: Variation::default(),
            again: Vec::new(),
            job: true,
            gpu: None,
            folder: format!("attempts/{attempt:02}"),
            command: vec!["crashpoint-worker".to_owned()],
        }))?;
        self.push(Event::Marker(Marker {
            attempt,
            id: None,
            phase: Phase::Start,
            image: None,
        }))?;
        let pid = pid(attempt);
        self.push(Event::Spawned { attempt, pid })?;
        self.push(Event::Hello {
            attempt,
            hello: Hello {
                protocol: VERSION,
                name: "crashpoint-worker".to_owned(),
                version: None,
            },
        })
    }

    fn end_of(&mut self, attempt: u32) -> io::Result<()> {
        self.push(Event::Done { attempt })?;
        self.push(Event::AttemptEnd(Box::new(AttemptEnd {
            attempt,
            ending: Ending {
                code: Some(0),
                ..Ending::of(EndingKind::Exit)
            },
            limit: None,
            spawn_error: None,
            usage: None,
            stdout: Output::default(),
            stderr: Output::default(),
            left_behind: Vec::new(),
            threads: Vec::new(),
        })))
    }

    fn image(&mut self, attempt: u32, position: u32, id: &mut u64) -> io::Result<()> {
        let index = position % 8 + 1;
        let at = ImageAt {
            index,
            position,
            file: None,
        };
        for phase in [
            Phase::Preprocess,
            Phase::Vision,
            Phase::Prefill,
            Phase::Decode,
        ] {
            *id += 1;
            self.push(Event::Marker(Marker {
                attempt,
                id: Some(*id),
                phase,
                image: Some(at.clone()),
            }))?;
            let done = PhaseDone {
                id: *id,
                elapsed_us: Some(500_000 + self.below(40_000)),
                memory: None,
            };
            self.push(Event::PhaseEnd { attempt, done })?;
        }
        let seconds = 2.6 + self.below(1000) as f64 / 1e4;
        self.push(Event::Image {
            attempt,
            result: Box::new(ImageResult {
                index,
                position,
                file: None,
                sha256: None,
                outcome: Outcome::Survived,
                seconds: Some(seconds),
                prompt_tokens: Some(640),
                tokens: Some(256),
                tokens_per_second: Some(98.0),
                text: Some("A page of news, of which this is the summary. ".repeat(20)),
                token_digest: Some("9f3a".repeat(16)),
                rss_bytes: Some(2 << 30),
                error: None,
            }),
        })
    }

    fn samples(&mut self, attempt: u32) -> io::Result<()> {
        let mut samples = Vec::new();
        for _ in 0..HZ {
            self.now_us += 1_000_000 / HZ;
            samples.push(self.sample(attempt));
        }
        self.push(Event::SampleBlock(SampleBlock::of(&samples, 40)))
    }

    fn sample(&mut self, attempt: u32) -> Sample {
        const MIB: u64 = 1 << 20;
        let mono_us = self.now_us + self.below(200);
        Sample {
            mono_us,
            wall_us: WALL_US + mono_us,
            host: HostSample {
                memory_total_bytes: Some(64 << 30),
                memory_available_bytes: Some((40 << 30) + self.below(8) * MIB / 4),
                swap_used_bytes: Some(0),
                load_1m: Some((self.now_us / 5_000_000 % 7) as f64 / 4.0),
                psi_cpu_some_avg10: Some((self.now_us / 2_000_000 % 9) as f64 / 4.0),
                psi_memory_some_avg10: Some(0.0),
                psi_memory_full_avg10: Some(0.0),
                psi_io_some_avg10: Some(0.25),
                cpu_celsius: Some((60 + self.now_us / 1_000_000 % 5) as f64),
                hottest_celsius: Some((65 + self.now_us / 1_000_000 % 5) as f64),
                cgroup_memory_bytes: Some((3 << 30) + self.below(4) * MIB / 4),
                cgroup_memory_limit_bytes: None,
            },
            worker: Some(WorkerSample {
                pid: pid(attempt),
                rss_bytes: Some((2 << 30) + self.below(4) * MIB / 4),
                pss_bytes: None,
                threads: Some(17),
                fds: Some(41),
                cpu_us: Some(self.now_us / 10_000 * 10_000),
            }),
            gpus: vec![GpuSample {
                index: 0,
                uuid: "GPU-2754c567-ec78-7d0a-c125-cba43f292c26".to_owned(),
                memory_used_bytes: Some(15 << 30),
                memory_total_bytes: Some(80 << 30),
                memory_driver_bytes: Some(500 * MIB),
                worker_memory_bytes: Some(14 << 30),
                power_milliwatts: Some(340_000 + self.below(20_000)),
                celsius: Some(70 + u32::try_from(self.below(3)).unwrap_or(0)),
                utilization_percent: Some(90 + u32::try_from(self.below(10)).unwrap_or(0)),
                sm_clock_mhz: Some(1980),
                memory_clock_mhz: Some(2619),
                throttle_reasons: Some(0),
                ..GpuSample::default()
            }],
            gpu_silent_us: None,
        }
    }
}

fn pid(attempt: u32) -> i32 {
    1000 + i32::try_from(attempt).unwrap_or(0)
}
