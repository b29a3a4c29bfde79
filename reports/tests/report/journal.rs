//! A journal written by hand: what a supervisor would have recorded, a line a step.

use crashpoint_reports::event::{
    AttemptEnd, AttemptStart, Header, Marker, Output, Plan, PlannedCase, PlannedImage, Progress,
    Purpose, Settings, Variation, Writer,
};
use crashpoint_reports::fold::Fold;
use crashpoint_reports::protocol::{
    AllocatorMemory, Hello, ImageAt, ImageResult, PhaseDone, WorkerError,
};
use crashpoint_reports::report::{Attempt, JournalState};
use crashpoint_reports::{
    Class, Ending, EndingKind, Event, HostSample, Outcome, Phase, Record, Report, Sample,
    WorkerSample,
};

pub const GIB: u64 = 1 << 30;
pub const MIB: u64 = 1 << 20;

/// 2026-11-23T14:02:11Z.
const BEGAN_US: u64 = 1_795_442_531_000_000;
/// Between two records, if nothing else is said.
const STEP_US: u64 = 10_000;

#[derive(Clone)]
pub struct Journal {
    pub records: Vec<Record>,
    pub plan: Plan,
    now_us: u64,
    next_id: u64,
    /// Of the worker, in the samples and results to come.
    pub rss_bytes: u64,
}

impl Journal {
    /// Of nothing yet.
    pub fn empty() -> Journal {
        Journal {
            records: Vec::new(),
            plan: Plan {
                settings: Settings {
                    device: Some("cpu".into()),
                    sample_hz: 10.0,
                    critical_image: Some(5),
                    cycles: 1,
                    ..Settings::default()
                },
                configured: Vec::new(),
                images: (1..=8)
                    .map(|index| PlannedImage {
                        index,
                        file: format!("pages/page-{index}.png"),
                        sha256: Some(format!("{index:064x}")),
                    })
                    .collect(),
                cases: Vec::new(),
            },
            now_us: 5_000_000,
            next_id: 0,
            rss_bytes: 512 * MIB,
        }
    }

    /// With its header, and these cases planned: name, rung, images.
    pub fn of(cases: &[(&str, &str, &[u32])]) -> Journal {
        let mut journal = Journal::empty();
        journal.plan.cases = cases
            .iter()
            .map(|(name, scenario, images)| PlannedCase {
                name: (*name).into(),
                scenario: (*scenario).into(),
                title: format!("the rung {scenario}"),
                images: images.to_vec(),
            })
            .collect();
        journal.header("boot-a");
        let plan = journal.plan.clone();
        journal.push(Event::Plan(plan));
        journal
    }

    /// With one attempt under way, at one case of five images.
    pub fn fifth() -> Journal {
        let mut journal = Journal::of(&[("fifth", "fifth", &[1, 2, 3, 4, 5])]);
        journal.worker(1, "fifth");
        journal
    }

    pub fn header(&mut self, boot_id: &str) {
        self.header_of(boot_id, 900, Writer::Run);
    }

    pub fn header_of(&mut self, boot_id: &str, pid: i32, writer: Writer) {
        self.push(Event::Header(Header {
            format: 1,
            crashpoint: "0.1.0".into(),
            run: "2026-11-23T14-02-11Z-3f9a".into(),
            command: vec!["crashpoint".into(), "run".into()],
            boot_id: boot_id.into(),
            boot_time_s: 1_795_000_000,
            boottime_us: 5_000_000,
            pid,
            pid_start_ticks: 1,
            pid_namespace: "pid:[4026531836]".into(),
            working_folder: None,
            machine: None,
            writer,
            previous: None,
        }));
    }

    pub fn push(&mut self, event: Event) {
        self.now_us += STEP_US;
        self.records.push(Record {
            seq: self.records.len() as u64,
            mono_us: self.now_us,
            wall_us: BEGAN_US + self.now_us,
            event,
        });
    }

    pub fn wait(&mut self, us: u64) {
        self.now_us += us;
    }

    pub fn pid(attempt: u32) -> i32 {
        1000 + i32::try_from(attempt).unwrap_or(0)
    }

    pub fn start(&mut self, attempt: u32, case: &str) {
        let earlier = |record: &&Record| matches!(&record.event, Event::AttemptStart(start) if start.case == case);
        let n = self.records.iter().filter(earlier).count() as u32 + 1;
        self.push(Event::AttemptStart(AttemptStart {
            attempt,
            case: case.into(),
            n,
            diagnostic: false,
            purpose: Purpose::Planned,
            variation: Variation::default(),
            again: Vec::new(),
            job: true,
            gpu: None,
            folder: format!("attempts/{attempt:02}"),
            command: vec!["crashpoint".into(), "worker".into()],
        }));
        self.marker(attempt, None, Phase::Start, None);
        let pid = Journal::pid(attempt);
        self.push(Event::Spawned { attempt, pid });
    }

    /// A worker of our own, up to its model being loaded.
    pub fn worker(&mut self, attempt: u32, case: &str) {
        self.start(attempt, case);
        self.hello(attempt);
        self.phase(attempt, Phase::Load, None);
    }

    pub fn hello(&mut self, attempt: u32) {
        self.push(Event::Hello {
            attempt,
            hello: Hello {
                protocol: 1,
                name: "crashpoint".into(),
                version: None,
            },
        });
    }

    pub fn marker(&mut self, attempt: u32, id: Option<u64>, phase: Phase, image: Option<ImageAt>) {
        self.push(Event::Marker(Marker {
            attempt,
            id,
            phase,
            image,
        }));
    }

    /// Begins a phase and leaves it open.
    pub fn begin(&mut self, attempt: u32, phase: Phase, image: Option<ImageAt>) -> u64 {
        self.next_id += 1;
        self.marker(attempt, Some(self.next_id), phase, image);
        self.next_id
    }

    pub fn end_phase(&mut self, attempt: u32, id: u64) {
        self.push(Event::PhaseEnd {
            attempt,
            done: PhaseDone {
                id,
                elapsed_us: None,
                memory: None,
            },
        });
    }

    pub fn end_phase_with_memory(&mut self, attempt: u32, id: u64, memory: AllocatorMemory) {
        self.push(Event::PhaseEnd {
            attempt,
            done: PhaseDone {
                id,
                elapsed_us: Some(250_000),
                memory: Some(memory),
            },
        });
    }

    pub fn phase(&mut self, attempt: u32, phase: Phase, image: Option<ImageAt>) {
        let id = self.begin(attempt, phase, image);
        self.wait(100_000);
        self.end_phase(attempt, id);
    }

    pub fn at(index: u32, position: u32) -> Option<ImageAt> {
        Some(ImageAt {
            index,
            position,
            file: None,
        })
    }

    /// A whole analysis that succeeds.
    pub fn analysis(&mut self, attempt: u32, index: u32, position: u32) {
        let at = Journal::at(index, position);
        for phase in [
            Phase::Preprocess,
            Phase::Vision,
            Phase::Prefill,
            Phase::Decode,
        ] {
            self.phase(attempt, phase, at.clone());
        }
        self.sample(attempt);
        let result = self.result(index, position);
        self.image(attempt, result);
    }

    pub fn result(&self, index: u32, position: u32) -> ImageResult {
        ImageResult {
            index,
            position,
            file: None,
            sha256: None,
            outcome: Outcome::Survived,
            seconds: Some(0.4),
            prompt_tokens: Some(590),
            tokens: Some(32),
            tokens_per_second: Some(80.0),
            text: Some(format!("page {index}")),
            token_digest: Some(format!("digest-of-{index}")),
            rss_bytes: Some(self.rss_bytes),
            error: None,
        }
    }

    pub fn image(&mut self, attempt: u32, result: ImageResult) {
        self.push(Event::Image {
            attempt,
            result: Box::new(result),
        });
        self.marker(attempt, None, Phase::Idle, None);
    }

    pub fn error(&mut self, attempt: u32, class: Option<Class>, refused: bool) {
        self.push(Event::WorkerError {
            attempt,
            error: WorkerError {
                class,
                message: "the checkpoint lacks model.safetensors".into(),
                refused,
            },
        });
    }

    pub fn a_sample(&self, attempt: u32) -> Sample {
        Sample {
            mono_us: self.now_us,
            wall_us: BEGAN_US + self.now_us,
            host: HostSample {
                memory_total_bytes: Some(32 * GIB),
                memory_available_bytes: Some(24 * GIB),
                cpu_celsius: Some(51.0),
                ..HostSample::default()
            },
            worker: Some(WorkerSample {
                pid: Journal::pid(attempt),
                rss_bytes: Some(self.rss_bytes),
                ..WorkerSample::default()
            }),
            ..Sample::default()
        }
    }

    pub fn sample(&mut self, attempt: u32) {
        let sample = self.a_sample(attempt);
        self.push(Event::Samples(vec![sample]));
    }

    /// The orderly end of a worker: teardown, done, exit code 0.
    pub fn leave(&mut self, attempt: u32) {
        self.phase(attempt, Phase::Teardown, None);
        self.push(Event::Done { attempt });
        self.end(attempt, exit(0));
    }

    pub fn end(&mut self, attempt: u32, ending: Ending) {
        self.end_with(attempt, ending, |_| ());
    }

    pub fn end_with(&mut self, attempt: u32, ending: Ending, more: impl FnOnce(&mut AttemptEnd)) {
        let mut end = AttemptEnd {
            attempt,
            ending,
            limit: None,
            spawn_error: None,
            usage: None,
            stdout: Output::default(),
            stderr: Output::default(),
            left_behind: Vec::new(),
            threads: Vec::new(),
        };
        more(&mut end);
        self.push(Event::AttemptEnd(Box::new(end)));
    }

    /// A whole surviving attempt over these images.
    pub fn survivor(&mut self, attempt: u32, case: &str, images: &[u32]) {
        self.worker(attempt, case);
        for (position, &index) in (1..).zip(images) {
            self.analysis(attempt, index, position);
        }
        self.leave(attempt);
    }

    /// An attempt that dies in an image's decoding, after three tokens of it.
    pub fn death(&mut self, attempt: u32, case: &str, images: &[u32]) {
        self.worker(attempt, case);
        let last = images.len() as u32;
        for (position, &index) in (1..).zip(images) {
            if position < last {
                self.analysis(attempt, index, position);
            } else {
                let at = Journal::at(index, position);
                for phase in [Phase::Preprocess, Phase::Vision, Phase::Prefill] {
                    self.phase(attempt, phase, at.clone());
                }
                self.begin(attempt, Phase::Decode, at);
                self.sample(attempt);
                self.push(Event::Progress(Progress::of_tokens(attempt, 3)));
            }
        }
        self.end(attempt, signal(11));
    }

    pub fn run_end(&mut self) {
        self.push(Event::RunEnd {});
    }

    pub fn report(&self) -> Report {
        fold(&self.records)
    }
}

pub fn fold(records: &[Record]) -> Report {
    let mut fold = Fold::new();
    for record in records {
        fold.push(record.clone());
    }
    fold.finish(JournalState {
        records: records.len() as u64,
        complete: records
            .last()
            .is_some_and(|record| matches!(record.event, Event::RunEnd {})),
        ..JournalState::default()
    })
}

pub fn exit(code: i32) -> Ending {
    Ending {
        code: Some(code),
        ..Ending::of(EndingKind::Exit)
    }
}

pub fn signal(signal: i32) -> Ending {
    Ending {
        signal: Some(signal),
        core_dumped: Some(false),
        ..Ending::of(EndingKind::Signal)
    }
}

pub fn attempts(report: &Report) -> Vec<&Attempt> {
    report
        .cases
        .iter()
        .flat_map(|case| &case.attempts)
        .collect()
}

/// A ladder whose fifth rung died at the fifth image, alone as well as after others.
pub fn ladder_with_a_bad_fifth() -> Journal {
    let mut journal = Journal::of(&[
        ("single", "single", &[1]),
        ("each-alone/1", "each-alone", &[1]),
        ("each-alone/5", "each-alone", &[5]),
        ("fifth", "fifth", &[1, 2, 3, 4, 5]),
    ]);
    journal.survivor(1, "single", &[1]);
    journal.survivor(2, "each-alone/1", &[1]);
    journal.death(3, "each-alone/5", &[5]);
    journal.push(Event::Skipped {
        case: "fifth".into(),
        because: "each-alone did not survive".into(),
    });
    journal.run_end();
    journal
}
