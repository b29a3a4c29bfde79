//! The pages that are looked at.

use crashpoint_reports::compare::compare;
use crashpoint_reports::event::Event;
use crashpoint_reports::history::History;
use crashpoint_reports::{Environment, GpuSample, Phase, SampleBlock, render};

use crate::journal::{GIB, Journal, MIB, signal};

const HOSTILE: &str = "x\x1b]0;owned\x07 <img src=http://127.0.0.1:9/a onerror=\"window.ran=1\"> \"><script>window.ran = 1</script> </pre></details></main><style>*{display:none}</style> <!-- ]]> &lt;b&gt; \u{202e}";

/// A ladder on a GPU whose fifth image kills the worker.
pub fn crash() -> String {
    render::html(&a_crash().report())
}

/// The same, in which every foreign text is hostile.
pub fn hostile() -> String {
    let mut journal = a_crash();
    for record in &mut journal.records {
        match &mut record.event {
            Event::Plan(plan) => {
                plan.images
                    .iter_mut()
                    .for_each(|it| it.file = HOSTILE.into());
                plan.cases[0].title = HOSTILE.into();
                plan.settings.model = Some(HOSTILE.into());
            }
            Event::AttemptEnd(end) => {
                end.stderr.tail = format!("{HOSTILE}\n").repeat(30) + &"W".repeat(1 << 20);
                end.limit = Some(HOSTILE.into());
            }
            Event::Header(header) => header.command.push(HOSTILE.into()),
            _ => {}
        }
    }
    journal.push(Event::Trouble {
        what: HOSTILE.into(),
    });
    render::html(&journal.report())
}

/// The same run three times over.
pub fn history() -> String {
    let report = a_crash().report();
    render::history::html(&History::of([&report, &report, &report]))
}

/// The same run before and after.
pub fn comparison() -> String {
    let report = a_crash().report();
    render::comparison::html(&compare(&report, &report))
}

fn a_crash() -> Journal {
    let mut journal = Journal::of(&[
        ("single", "single", &[1]),
        ("each-alone/1", "each-alone", &[1]),
        ("each-alone/2", "each-alone", &[2]),
        ("each-alone/3", "each-alone", &[3]),
        ("fifth", "fifth", &[1, 2, 3, 4, 5]),
        ("fifth-alone", "fifth-alone", &[5]),
        ("long", "long", &[1, 2, 3, 4, 5, 6, 7, 8]),
    ]);
    journal.push(Event::Environment(Box::new(Environment {
        crashpoint: "0.1.0".into(),
        kernel: Some("6.12.0".into()),
        architecture: "x86_64".into(),
        cpus: Some(16),
        memory_total_bytes: Some(32 * GIB),
        ..Environment::default()
    })));
    let mut heat = 0;
    for (number, case, images) in [
        (1, "single", &[1][..]),
        (2, "each-alone/1", &[1]),
        (3, "each-alone/2", &[2]),
        (4, "each-alone/3", &[3]),
        (5, "fifth", &[1, 2, 3, 4, 5]),
    ] {
        journal.worker(number, case);
        let last = images.len() as u32;
        for (position, &index) in (1..).zip(images) {
            let at = Journal::at(index, position);
            for phase in [
                Phase::Preprocess,
                Phase::Vision,
                Phase::Prefill,
                Phase::Decode,
            ] {
                let id = journal.begin(number, phase.clone(), at.clone());
                heat = sampled(&mut journal, number, &phase, heat);
                if number == 5 && position == last && phase == Phase::Decode {
                    break;
                }
                journal.end_phase(number, id);
            }
            if number < 5 || position < last {
                let result = journal.result(index, position);
                journal.image(number, result);
            }
        }
        if number < 5 {
            journal.leave(number);
        } else {
            journal.end_with(number, signal(11), |end| {
                end.stderr.tail = "CUDA error: an illegal memory access was encountered\n".into();
                end.stderr.bytes = 53;
            });
        }
    }
    for case in ["fifth-alone", "long"] {
        journal.push(Event::Skipped {
            case: case.into(),
            because: "the rung \"fifth\" failed before it; --keep-going goes on".into(),
        });
    }
    journal.run_end();
    journal
}

/// As many samples as a phase has, a little hotter each time.
fn sampled(journal: &mut Journal, attempt: u32, phase: &Phase, mut heat: u32) -> u32 {
    let busy = matches!(phase, Phase::Vision | Phase::Decode);
    let mut samples = Vec::new();
    for n in 0..if busy { 40_u64 } else { 8 } {
        journal.wait(50_000);
        heat += 1;
        journal.rss_bytes += MIB / 8;
        let mut sample = journal.a_sample(attempt);
        sample.gpus.push(GpuSample {
            memory_used_bytes: Some(7 * GIB + u64::from(heat % 7) * 40 * MIB),
            worker_memory_bytes: Some(6 * GIB + u64::from(heat % 5) * 30 * MIB),
            memory_total_bytes: Some(24 * GIB),
            power_milliwatts: Some(if busy { 320_000 + n * 500 } else { 110_000 }),
            celsius: Some(55 + heat / 60 + u32::from(busy)),
            utilization_percent: Some(if busy { 97 } else { 12 }),
            sm_clock_mhz: Some(if busy { 1695 } else { 1200 }),
            memory_clock_mhz: Some(9501),
            ..GpuSample::default()
        });
        samples.push(sample);
    }
    journal.push(Event::SampleBlock(SampleBlock::of(&samples, 0)));
    heat
}
